import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";

import { cardReadme, foldsIn, openModel, runFolder, writeBundle, type ModelCard } from "@multirnet/artifacts";
import { messageOf } from "@multirnet/base";
import { decodeSafetensors, encodeSafetensors, scope } from "@multirnet/engine";
import { loadModel } from "@multirnet/inference";
import { encodeWeights } from "@multirnet/networks";

import { readTrainConfig } from "../config/train-config.js";
import { LearningError } from "../errors.js";
import { unfinishedRuns } from "../training/unfinished.js";
import { cardMetrics } from "./card-metrics.js";

export interface ExportOptions {
  /** Whether the weights with more than one axis are stored in 16 bits; norms and biases, which are few, stay as they are. */
  readonly half?: boolean;
  /** A text file: the full licence of the weights. */
  readonly licence?: string | undefined;
  /** `metrics.json` of `evaluate --out`; the run's own where it is left out. */
  readonly metrics?: string | undefined;
}

/**
 * Makes a model bundle of a run: its weights (the best, or the last where none were chosen), its card, and the config that made them; or of a cross
 * validation, whose networks then answer together.
 *
 * @returns the paths written, by file name, and what has to be said of the weights, such as that their training has not come to its end
 * @throws ArtifactError, FileError as their rooms say; LearningError CONFIG_UNREADABLE, CONFIG_INVALID, LICENCE_UNREADABLE, METRICS_UNREADABLE
 */
export async function exportRun(
  path: string,
  out: string,
  { half = false, licence, metrics }: ExportOptions = {},
): Promise<{ readonly files: Readonly<Record<string, string>>; readonly notes: readonly string[] }> {
  const notes = await unfinishedRuns(path);
  const { card, weights, where } = await weightsOf(path);
  const config = await readTrainConfig(runFolder(path).config);
  const text = licence === undefined ? undefined : await licenceText(licence);
  const bundled = {
    ...card,
    metrics: (await cardMetrics(metrics ?? runFolder(path).metrics, card.data.cases)) ?? card.metrics,
  };
  const files = await writeBundle(out, {
    card: bundled,
    weights: half ? halved(weights, where) : weights,
    readme: cardReadme(basename(resolve(out)), bundled),
    config: { ...config, dataset: basename(config.dataset) }, // where it lay on this machine is nobody's business
    ...(text === undefined ? {} : { licence: text }),
  });
  return { files, notes };
}

/** Those of a run, or of all runs of a cross validation together. */
async function weightsOf(
  path: string,
): Promise<{ readonly card: ModelCard; readonly weights: Uint8Array; readonly where: string }> {
  if ((await foldsIn(path)) === undefined) {
    const { card, weights, weightsFile } = await openModel(path);
    return { card, weights, where: `${path}/${weightsFile}` };
  }
  const { card, network } = await loadModel(path);
  try {
    return { card, weights: encodeWeights(network), where: path };
  } finally {
    network.release();
  }
}

function halved(file: Uint8Array, where: string): Uint8Array {
  return scope(() => {
    const tensors = decodeSafetensors(file, where);
    return encodeSafetensors(
      new Map(
        Array.from(tensors, ([name, tensor]) => [name, tensor.shape.length > 1 ? tensor.toDtype("float16") : tensor]),
      ),
    );
  });
}

async function licenceText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new LearningError({ code: "LICENCE_UNREADABLE", path, because: messageOf(error) }, { cause: error });
  }
}
