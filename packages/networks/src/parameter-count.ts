import { networkFacts } from "./network-facts.js";
import type { NetworkSpec } from "./registry.js";

/** @returns how many numbers a network learns */
export function parameterCount(spec: NetworkSpec): number {
  return networkFacts(spec).parameters;
}
