import type { SeedKey } from "@multirnet/base";

import type { DType } from "./dtype.js";

/** A tensor as it stood when an operator saw it. */
export interface TensorFacts {
  readonly id: number;
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** One operator call: what went in, what came out, how long it took. */
export interface CallRecord {
  readonly op: string; // aten::conv3d
  readonly module: string; // the path of the part of the network that called, as labelled() named it
  readonly args: readonly unknown[]; // as given, with TensorFacts and GeneratorFacts in place of tensors and generators
  readonly inputs: readonly TensorFacts[];
  readonly outputs: readonly TensorFacts[];
  readonly milliseconds: number;
}

/** A generator as an operator saw it: its draws are those of a source with these keys. */
export interface GeneratorFacts {
  readonly keys: readonly SeedKey[];
}

let recording: CallRecord[] | undefined;
const labels: string[] = [];

/** Runs `body` and lists every operator call that it makes, in order. The FLOP table, the profile and the exporter read this. */
export function record<T>(body: () => T): { readonly result: T; readonly calls: readonly CallRecord[] } {
  const outer = recording;
  const calls: CallRecord[] = [];
  recording = calls;
  try {
    return { result: body(), calls };
  } finally {
    recording = outer;
    for (const call of calls) outer?.push(call);
  }
}

type CallListener = (place: number | undefined) => void;

let onCall: CallListener | undefined;

/** Runs `body` and tells of each call, before it is made, the place that it will have in the recording, and after it that none is being made. */
export function labelling<T>(told: CallListener, body: () => T): T {
  const outer = onCall;
  onCall = told;
  try {
    return body();
  } finally {
    onCall = outer;
  }
}

/** Says that a call is about to be made, or that it was. */
export function announceCall(when: "before" | "after"): void {
  onCall?.(when === "before" ? (recording?.length ?? 0) : undefined);
}

/** The list that `call` adds to, while there is one. */
export function currentRecording(): CallRecord[] | undefined {
  return recording;
}

/** A tensor, as far as this file knows of any. */
interface Watched {
  readonly id: number;
}

/** Whoever wants to know of each tensor that goes into an operator, comes out of one, or whose elements are read; and who may know its answer's size. */
export interface Watch {
  input(tensor: Watched): void;
  output(tensor: Watched): void;
  read(): void;
  /** The size of what an operator would give, where zeros of that size are to stand for it; else it is called. */
  sizeOnly?(op: string, args: readonly unknown[]): readonly number[] | undefined;
}

let watch: Watch | undefined;

/** Runs `body` with `newcomer` watching, in place of who watched before. */
export function watched<T>(newcomer: Watch, body: () => T): T {
  const outer = watch;
  watch = newcomer;
  try {
    return body();
  } finally {
    watch = outer;
  }
}

export function currentWatch(): Watch | undefined {
  return watch;
}

/** Names the part of the network in which `body` calls operators. */
export function labelled<T>(label: string, body: () => T): T {
  labels.push(label);
  try {
    return body();
  } finally {
    labels.pop();
  }
}

export function currentLabel(): string {
  return labels.join(".");
}
