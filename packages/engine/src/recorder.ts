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
  readonly args: readonly unknown[]; // as given, with TensorFacts in place of tensors
  readonly inputs: readonly TensorFacts[];
  readonly outputs: readonly TensorFacts[];
  readonly milliseconds: number;
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

/** The list that `call` adds to, while there is one. */
export function currentRecording(): CallRecord[] | undefined {
  return recording;
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
