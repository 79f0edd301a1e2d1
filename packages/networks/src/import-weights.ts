import { scope, type Tensor } from "@multirnet/engine";

import { NetworkError } from "./errors.js";
import type { Network } from "./network.js";
import { nameHere, type Reference } from "./reference.js";

/** What became of the tensors of another implementation. */
export interface ImportedWeights {
  readonly tensors: number; // how many were taken over
  readonly missing: readonly string[]; // tensors of the network that nothing was found for; they stay as they were
  readonly extra: readonly string[]; // tensors of the file that have no place, by their names there
}

/**
 * Fills a network with the tensors of a public implementation, by the rules of its reference. Numbers of other types are converted.
 *
 * @throws NetworkError NETWORK_WEIGHTS where a tensor has another shape, or none has a place; nothing is changed then
 */
export function importWeights(
  network: Network,
  reference: Reference,
  tensors: ReadonlyMap<string, Tensor>,
): ImportedWeights {
  const state = network.state();
  const found = new Map<string, Tensor>();
  const extra: string[] = [];
  const misshaped: string[] = [];
  scope(() => {
    for (const [name, tensor] of tensors) {
      const ours = nameHere(reference, name);
      if (ours === undefined) continue;
      const place = state.get(ours);
      if (place === undefined) {
        extra.push(name);
        continue;
      }
      const laid = reference.laidOut === undefined ? tensor : reference.laidOut(tensor, place.shape);
      if (laid?.shape.join() !== place.shape.join())
        misshaped.push(`${name} is ${sidesOf(tensor)} there, ${ours} is ${sidesOf(place)} here`);
      else found.set(ours, laid);
    }
    if (misshaped.length > 0 || found.size === 0) {
      const because =
        misshaped.length > 0
          ? `tensors of another shape: ${misshaped.join("; ")}`
          : `none of its ${String(tensors.size)} tensors is called as in ${reference.source}`;
      throw new NetworkError({ code: "NETWORK_WEIGHTS", reference: reference.name, because });
    }
    network.loadState(new Map([...state].map(([name, tensor]) => [name, found.get(name) ?? tensor])));
  });
  return { tensors: found.size, missing: [...state.keys()].filter((name) => !found.has(name)), extra };
}

function sidesOf({ shape }: Tensor): string {
  return shape.length === 0 ? "a single number" : shape.join("×");
}
