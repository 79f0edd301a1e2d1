import { encodeSafetensors, readSafetensors, type Module, type StoredTensor, type Tensor } from "@multirnet/engine";

import { NetworkError } from "./errors.js";

/** @returns a network's weights as one safetensors file, tensors in definition order */
export function encodeWeights(network: Module, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  return encodeSafetensors(network.state(), metadata);
}

/**
 * Fills a network with the weights of a file.
 *
 * @param where the file's name, for messages
 * @throws EngineError ENGINE_SAFETENSORS, ENGINE_STATE_MISMATCH
 */
export function loadWeights(network: Module, file: Uint8Array, where: string): void {
  network.loadState(readSafetensors(file, where).tensors);
}

/**
 * Fills one part of a network, such as its backbone, with the weights that a file has under the same path, or under another; the rest of the network
 * stays as it is, and the rest of the file is not looked at.
 *
 * @param options `part`: its path in the network, as `backbone` or `segmentation.down`; `from`: its path in the file, the same unless given
 * @throws NetworkError NETWORK_PART where the network has no such part; EngineError as `loadWeights`, and then nothing is changed
 */
export function loadPart(
  network: Module,
  file: Uint8Array,
  where: string,
  { part, from = part }: { readonly part: string; readonly from?: string | undefined },
): void {
  const { tensors } = readSafetensors(file, where);
  const state = network.state();
  if (![...state.keys()].some((path) => path.startsWith(`${part}.`))) {
    const parts = [...new Set(Array.from(state.keys(), (path) => path.split(".")[0] ?? ""))];
    throw new NetworkError({ code: "NETWORK_PART", part, parts });
  }
  const given = new Map<string, Tensor | StoredTensor>();
  for (const [path, tensor] of state) if (!path.startsWith(`${part}.`)) given.set(path, tensor);
  for (const [path, stored] of tensors)
    if (path.startsWith(`${from}.`)) given.set(part + path.slice(from.length), stored);
  network.loadState(given);
}
