import { networkEntry } from "../registry.js";
import type { Reference } from "../reference.js";

/** @returns a network's reference by its name, which must be there */
export function referenceOf(network: string, wanted: string): Reference {
  const found = networkEntry(network).references.find(({ name }) => name === wanted);
  if (found === undefined) throw new Error(`${network} has no reference ${wanted}`);
  return found;
}
