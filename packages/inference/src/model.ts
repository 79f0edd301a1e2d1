import {
  digestOf,
  foldsFolder,
  foldsIn,
  openModel,
  type Flip,
  type ModelCard,
  type OpenOptions,
} from "@multirnet/artifacts";
import {
  compiled,
  Ensemble,
  Flipped,
  headsOf,
  loadWeights,
  overVolumes,
  resolveNetwork,
  undrawnNetwork,
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
 * Opens a run folder, a bundle or its zip, and makes its network; or a cross validation, whose runs then answer together. A card may give its classes and
 * lesion types other words than the network has, but not another number of them: each would be called by the name of another.
 *
 * @throws InferenceError INFERENCE_CARD_UNLIKE, INFERENCE_FOLDS_UNLIKE; ArtifactError, NetworkError, EngineError as their rooms say
 */
export async function loadModel(path: string, options: OpenOptions = {}): Promise<LoadedModel> {
  const folds = await foldsIn(path);
  if (folds !== undefined) return loadFolds(path, folds, options);
  const { card, weights, weightsFile, digest } = await openModel(path, options);
  const network = networkOf(card, path);
  try {
    loadWeights(network, weights, `${path}: ${weightsFile}`);
  } catch (error) {
    network.release();
    throw error;
  }
  return { card, network: looking(network, card), digest, path };
}

/** The weights, and the card, of all folds together. */
async function loadFolds(path: string, folds: readonly number[], options: OpenOptions): Promise<LoadedModel> {
  const paths = folds.map((fold) => foldsFolder(path).run(fold));
  const models = await Promise.all(paths.map(async (run) => openModel(run, options)));
  const [first] = models as [(typeof models)[number]];
  const alike = ({ card: { network, preprocessing, classes, labels } }: (typeof models)[number]): string =>
    JSON.stringify([network, preprocessing, classes, labels]);
  const unlike = models.findIndex((model) => alike(model) !== alike(first));
  if (unlike > 0) {
    const names = [0, unlike].map((place) => `fold ${String(folds[place])}`);
    throw new InferenceError({ code: "INFERENCE_FOLDS_UNLIKE", path, folds: names });
  }
  const seen = [...new Set(models.flatMap(({ card }) => card.data.cases))].sort();
  const card = {
    ...first.card,
    ...(models.length > 1 ? { networks: models.length } : {}),
    data: {
      ...first.card.data,
      cases: seen,
      ...countsOf(
        models.map((model) => model.card),
        seen.length,
      ),
    },
  };
  const network = networkOf(card, path);
  try {
    for (const [place, { weights, weightsFile, path: run }] of models.entries())
      loadWeights(
        network instanceof Ensemble ? (network.networks[place] as Network) : network,
        weights,
        `${run}: ${weightsFile}`,
      );
  } catch (error) {
    network.release();
    throw error;
  }
  const digest = digestOf(Buffer.from(models.map((model) => model.digest).join("\n")));
  return { card, network: looking(network, card), digest, path };
}

/**
 * Masks and diagnoses that the folds have seen together: each case in all folds but one. Where folds are missing, some cases are seen in fewer, and this may
 * be more than there are, but no more than cases.
 *
 * @param seen how many cases, each once
 */
function countsOf(cards: readonly ModelCard[], seen: number): Pick<ModelCard["data"], "masks" | "diagnoses"> {
  const all = (of: "masks" | "diagnoses"): number => {
    const sum = cards.reduce((total, { data }) => total + data[of], 0);
    return Math.min(seen, Math.round(sum / Math.max(1, cards.length - 1)));
  };
  return { masks: all("masks"), diagnoses: all("diagnoses") };
}

/** The network of a card, without its weights. @throws InferenceError INFERENCE_CARD_UNLIKE */
function networkOf(card: ModelCard, path: string): Network {
  const spec = specOf(card);
  const one = (): Network => overVolumes(compiled(undrawnNetwork(spec)));
  const first = one();
  try {
    const { classes, lesions } = headsOf(spec);
    requireAlike(path, "lesion types", card.labels, first.task === "diagnosis" ? [] : lesions);
    requireAlike(path, "classes", card.classes, first.task === "segmentation" ? [] : classes);
  } catch (error) {
    first.release();
    throw error;
  }
  if (card.networks === undefined) return first;
  return new Ensemble([first, ...Array.from({ length: card.networks - 1 }, one)]);
}

const AXES: Readonly<Record<Flip, number>> = { leftRight: 4, frontBack: 3 }; // of N×C×D×H×W, on LPS

/** A network that looks at each region in all the ways that a card says. */
function looking(network: Network, { inference: { flips = [] } }: Pick<ModelCard, "inference">): Network {
  return flips.length === 0
    ? network
    : new Flipped(
        network,
        flips.map((flip) => AXES[flip]),
      );
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
