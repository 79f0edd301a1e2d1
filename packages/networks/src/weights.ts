import { decodeSafetensors, encodeSafetensors, scope, type Module } from "@multirnet/engine";

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
  scope(() => {
    network.loadState(decodeSafetensors(file, where));
  });
}
