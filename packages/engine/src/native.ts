import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

import { messageOf } from "@multirnet/base";

import { EngineError } from "./errors.js";

declare const isTensor: unique symbol;
declare const isGenerator: unique symbol;

/** A tensor and a generator as the addon hands them out: numbers that nothing but the addon can read. */
export interface NativeTensor {
  readonly [isTensor]: true;
}
export interface NativeGenerator {
  readonly [isGenerator]: true;
}

/** What comes back from an operator: tensors, lists of them, numbers, truth values, or nothing. */
export type NativeResult = NativeTensor | readonly NativeTensor[] | number | boolean | null;

/** An operator or a node of a backward pass, as it ran: times in milliseconds, the bytes of its tensors, how deep below others. */
export type NativeEvent = readonly [
  name: string,
  label: string,
  start: number,
  end: number,
  sequence: number,
  bytes: number,
  depth: number,
  backward: boolean,
];

/** The addon's whole surface (`native/addon.cc`). */
export interface Addon {
  schemas(): string[];
  lookup(name: string, overload: string): number;
  call(operator: number, args: readonly unknown[]): NativeResult[];
  fromBytes(dtype: number, shape: readonly number[], bytes: Uint8Array): NativeTensor;
  toBytes(tensor: NativeTensor): ArrayBuffer;
  describe(tensor: NativeTensor): [dtype: number, device: string, ...shape: number[]];
  release(handle: NativeTensor | NativeGenerator): void;
  requiresGrad(tensor: NativeTensor, set?: boolean): boolean;
  gradients(
    outputs: readonly NativeTensor[],
    inputs: readonly NativeTensor[],
    createGraph: boolean,
  ): (NativeTensor | null)[];
  versions(tensors: readonly NativeTensor[]): number;
  gradMode(enabled?: boolean): boolean;
  autocast(device: string, on?: boolean): boolean;
  generator(seed: number, device: string): NativeGenerator;
  threads(count?: number): number;
  about(): About;
  releaseIdleMemory(): void;
  profileStart(): void;
  profileLabel(text: string): void;
  profileStop(): NativeEvent[];
}

/** Which libtorch this is, how much of it JavaScript holds at the moment, and what freed tensors have left for others. */
export interface About {
  readonly version: string;
  readonly config: string;
  readonly parallel: string;
  readonly cuda: boolean;
  readonly liveTensors: number;
  readonly liveBytes: number;
  readonly idleBytes: number;
  /** Floats in a block of channels, 0 where there are no kernels for blocked activations. */
  readonly block: number;
  /** Of OpenBLAS, which has its own; 0 with another BLAS. */
  readonly blasThreads: number;
}

const ADDON = fileURLToPath(new URL("../native/build/engine.node", import.meta.url));

let loaded: Addon | undefined;

/**
 * The addon, loaded at the first use, so that importing this package needs no libtorch.
 *
 * @throws EngineError ENGINE_NOT_BUILT, ENGINE_OTHER_THREAD
 */
export function native(): Addon {
  return (loaded ??= loadAddon(ADDON));
}

/** Loads the addon from a file. @throws EngineError ENGINE_NOT_BUILT, ENGINE_OTHER_THREAD */
export function loadAddon(path: string): Addon {
  try {
    return createRequire(import.meta.url)(path) as Addon;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENGINE_OTHER_THREAD")
      throw new EngineError({ code: "ENGINE_OTHER_THREAD" }, { cause: error });
    const because = messageOf(error).split("\n")[0] ?? "";
    throw new EngineError({ code: "ENGINE_NOT_BUILT", path, because }, { cause: error });
  }
}
