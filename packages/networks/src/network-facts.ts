import type { Network, Task } from "./network.js";
import { learnedBy } from "./parameter-count.js";
import { headsOf, networkEntry, undrawnNetwork, type NetworkSpec } from "./registry.js";

/** What a network is with its options, where the registry says what it can be. */
export interface NetworkFacts {
  readonly task: Task;
  readonly input: readonly number[]; // one region, C×D×H×W, or one slice, C×H×W
  readonly passes: number; // of its layers over one input
  readonly parameters: number; // how many numbers it learns
  readonly classes: readonly string[]; // of the head `disease`; none where there is no such head
  readonly lesions: readonly string[]; // of the head `lesion`, likewise
}

/** Makes the network for that, without the random weights that take most of the time. */
export function networkFacts(spec: NetworkSpec): NetworkFacts {
  const network = undrawnNetwork(spec);
  try {
    const { task } = network;
    const { classes, lesions } = headsOf(spec);
    const { passes: extra = 0 } = spec.options as { readonly passes?: number };
    return {
      task,
      input: inputOf(spec, network),
      passes: task === "diagnosis" ? 1 : 1 + extra, // it is the outline that is shown again
      parameters: learnedBy(network),
      classes: task === "segmentation" ? [] : classes,
      lesions: task === "diagnosis" ? [] : lesions,
    };
  } finally {
    network.release();
  }
}

/** @returns the region or slice that the registry names, or the only one that the network takes */
export function inputOf({ name }: NetworkSpec, { side }: Network): readonly number[] {
  const { input } = networkEntry(name);
  return side === undefined ? input : [input[0] ?? 1, side, side];
}
