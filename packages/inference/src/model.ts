import { openModel, type ModelCard, type OpenOptions } from "@multirnet/artifacts";
import { createNetwork, loadWeights, type Network } from "@multirnet/networks";

/** A network ready to look at scans, and the card that says what it is. */
export interface LoadedModel {
  readonly card: ModelCard;
  readonly network: Network;
  readonly digest: string; // SHA-256 of the weights
  readonly path: string;
}

/**
 * Opens a run folder, a bundle or its zip, and makes its network.
 *
 * @throws ArtifactError, NetworkError, EngineError as their rooms say
 */
export async function loadModel(path: string, options: OpenOptions = {}): Promise<LoadedModel> {
  const { card, weights, weightsFile, digest } = await openModel(path, options);
  const network = createNetwork(card.network, 0);
  loadWeights(network, weights, `${path}: ${weightsFile}`);
  return { card, network, digest, path };
}
