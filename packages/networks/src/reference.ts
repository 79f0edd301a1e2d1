import type { Tensor } from "@multirnet/engine";

/** How a tensor of another implementation is called here. Rules are applied one after the other, each to what the ones before made of the name. */
export type NameRule = readonly [pattern: RegExp, ours: string];

/** A public implementation of a network, whose weights can be taken over. */
export interface Reference {
  readonly name: string; // as `weights import --reference` takes it
  readonly source: string; // repository and file
  readonly rules: readonly NameRule[];
  /** Tensors that have no place here: counters, and what the implementation never uses. */
  readonly ignored: readonly RegExp[];
  /** Brings a tensor into the shape that it has here, where the reference lays it out otherwise; undefined for one that does not fit. */
  readonly laidOut?: (tensor: Tensor, shape: readonly number[]) => Tensor | undefined;
}

/** @returns what a tensor of the reference is called here; undefined where it has no place */
export function nameHere({ rules, ignored }: Reference, name: string): string | undefined {
  if (ignored.some((pattern) => pattern.test(name))) return undefined;
  return rules.reduce((made, [pattern, ours]) => made.replace(pattern, ours), name);
}

/** PyTorch's names of a norm's state; its counter of batches is used by nothing. */
export const TORCH_NORM: readonly NameRule[] = [
  [/running_mean$/, "runningMean"],
  [/running_var$/, "runningVar"],
];
export const TORCH_COUNTER = /num_batches_tracked$/;
