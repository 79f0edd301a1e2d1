import type { Network } from "./network.js";
import { undrawnNetwork, type NetworkSpec } from "./registry.js";

/** @returns how many numbers a network learns; it is made for that, without the random weights that take most of the time */
export function parameterCount(spec: NetworkSpec): number {
  const network = undrawnNetwork(spec);
  try {
    return learnedBy(network);
  } finally {
    network.release();
  }
}

/** @returns how many numbers a network that is there learns */
export function learnedBy(network: Network): number {
  return [...network.parameters().values()].reduce((sum, { elements }) => sum + elements, 0);
}
