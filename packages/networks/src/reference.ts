import type { Tensor } from "@multirnet/engine";

/** How a tensor of another implementation is called here. Rules are applied one after the other, each to what the ones before made of the name. */
export type NameRule = readonly [pattern: RegExp, ours: string];

/** A public implementation of a network, whose weights can be taken over. */
export interface Reference {
  readonly name: string; // as `weights import --reference` takes it
  readonly source: string; // repository and file
  /** The options that make the network here the one whose weights these are; its defaults unless given. */
  readonly options?: Readonly<Record<string, string>>;
  /** The first parts of the network that it has weights for; all of it unless given. */
  readonly covers?: readonly string[];
  /** The last layer; none where the network here has another one. */
  readonly head?: ReferenceHead;
  readonly rules: readonly NameRule[];
  /** Tensors that have no place here: counters, and what the implementation never uses. */
  readonly ignored: readonly RegExp[];
  /** Brings a tensor into the form that it has here, where the reference keeps it in another; undefined for one that does not fit. */
  readonly laidOut?: (tensor: Tensor, shape: readonly number[], ours: string) => Tensor | undefined;
}

/** The last layer of a reference: its tensors, by their names here, and what its outputs are. */
export interface ReferenceHead {
  readonly tensors: RegExp;
  readonly outputs:
    | "classes" // diagnoses: left out where the file has another number of them
    | "lesions" // a lesion type each, as here
    | "softmax" // the background and the lesion types under a softmax; here a lesion type each
    | "background"; // the background and the lesion types, as here
}

/** @returns what a tensor of the reference is called here; undefined where it has no place */
export function nameHere({ rules, ignored }: Reference, name: string): string | undefined {
  if (ignored.some((pattern) => pattern.test(name))) return undefined;
  return rules.reduce((made, [pattern, ours]) => made.replace(pattern, ours), name);
}

/** @returns in words the options that a reference's weights are for, as a config has them: `{ preset: pytorch }` */
export function optionWords({ options = {} }: Reference): string {
  const words = Object.entries(options).map(([name, value]) => `${name}: ${value}`);
  return words.length === 0 ? "the default options" : `{ ${words.join(", ")} }`;
}

/** PyTorch's names of a norm's state; its counter of batches is used by nothing. */
export const TORCH_NORM: readonly NameRule[] = [
  [/running_mean$/, "runningMean"],
  [/running_var$/, "runningVar"],
];
export const TORCH_COUNTER = /num_batches_tracked$/;
