import { openModel, type ModelCard, type OpenOptions } from "@multirnet/artifacts";
import {
  headsOf,
  loadWeights,
  overVolumes,
  resolveNetwork,
  undrawnNetwork,
  compiled,
  type Network,
  type NetworkSpec,
} from "@multirnet/networks";

import { InferenceError } from "./errors.js";

/** A network ready to look at scans, and the card that says what it is. */
export interface LoadedModel {
  readonly card: ModelCard;
  readonly network: Network;
  readonly digest: string; // SHA-256 of the weights
  readonly path: string;
}

/**
 * Opens a run folder, a bundle or its zip, and makes its network. A card may give its classes and lesion types other words than the network has, but not
 * another number of them: each would be called by the name of another.
 *
 * @throws InferenceError INFERENCE_CARD_UNLIKE; ArtifactError, NetworkError, EngineError as their rooms say
 */
export async function loadModel(path: string, options: OpenOptions = {}): Promise<LoadedModel> {
  const { card, weights, weightsFile, digest } = await openModel(path, options);
  const spec = specOf(card);
  const network = overVolumes(compiled(undrawnNetwork(spec)));
  try {
    const { classes, lesions } = headsOf(spec);
    requireAlike(path, "lesion types", card.labels, network.task === "diagnosis" ? [] : lesions);
    requireAlike(path, "classes", card.classes, network.task === "segmentation" ? [] : classes);
    loadWeights(network, weights, `${path}: ${weightsFile}`);
  } catch (error) {
    network.release();
    throw error;
  }
  return { card, network, digest, path };
}

/** With every option, for a card may have been written by hand. */
function specOf({ network: { name, options } }: ModelCard): NetworkSpec {
  return resolveNetwork({ ...options, name });
}

/**
 * How often a model sees its own map again: as asked, else as its card says.
 *
 * @throws InferenceError INFERENCE_ONE_PASS where extra passes are asked of a network that has none
 */
export function passesOf(card: ModelCard, asked: number | undefined): number {
  const { name } = card.network;
  if (asked !== undefined && asked > 0 && !("passes" in specOf(card).options))
    throw new InferenceError({ code: "INFERENCE_ONE_PASS", network: name, passes: asked });
  return asked ?? card.passes;
}

function requireAlike(
  path: string,
  what: "lesion types" | "classes",
  card: readonly string[],
  network: readonly string[],
): void {
  if (card.length !== network.length)
    throw new InferenceError({ code: "INFERENCE_CARD_UNLIKE", path, what, card, network });
}
