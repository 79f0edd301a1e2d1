import { ArtifactError, foldsFolder, foldsIn, isRun, writeJson, writeYaml } from "@multirnet/artifacts";
import { fileErrorOf, isTemporary, namesIn, writeFolderAtomically } from "@multirnet/base/node";

import { readTrainConfig, type TrainConfig } from "../config/train-config.js";
import { assignFolds, openDataset, setApart } from "../dataset/index.js";
import type { TrainingEvent, TrainingOptions, TrainingOutcome } from "./events.js";
import { beginnings, resumeTraining, train } from "./train.js";

export interface FoldsOptions extends Omit<TrainingOptions, "onEvent"> {
  readonly onEvent?: ((event: TrainingEvent, fold: number) => void) | undefined;
}

/** How a cross validation ended: as its last fold did. */
export interface FoldsOutcome {
  readonly path: string;
  readonly ended: TrainingOutcome["ended"];
  readonly outcomes: readonly TrainingOutcome[]; // of the folds that were begun
}

/** Which folds a config's dataset has. @throws DatasetError */
export async function foldsOf({ dataset, folds: { count, seed, testShare } }: TrainConfig): Promise<number[]> {
  const { cases } = await openDataset(dataset);
  const training = setApart(cases, { share: testShare, seed }).filter(({ split }) => split === "train");
  return [...new Set(assignFolds(training, { folds: count, seed }).values())].sort((a, b) => a - b);
}

/**
 * Trains a network once for each fold, one after another, into `fold-0` and so on of a new folder.
 *
 * @param folds which; all that the dataset has unless given
 * @throws ArtifactError RUN_FOLDER_TAKEN; and what `train` throws
 */
export async function trainFolds(
  config: TrainConfig,
  path: string,
  options: FoldsOptions & { readonly folds?: readonly number[] | undefined } = {},
): Promise<FoldsOutcome> {
  const folds = options.folds ?? (await foldsOf(config));
  for (const fold of folds) await beginnings(config, fold); // a fault of the last is told before hours of the first
  try {
    const [held] = (await namesIn(path)).filter((name) => !isTemporary(name));
    if (held !== undefined) throw new ArtifactError({ code: "RUN_FOLDER_TAKEN", path, holds: held });
  } catch (error) {
    throw fileErrorOf(path, error);
  }
  await writeFolderAtomically(path, async (staging) => {
    const folder = foldsFolder(staging);
    await writeYaml(folder.config, config);
    await writeJson(folder.list, { folds });
  });
  return goOn(config, path, folds, options);
}

/**
 * Goes on with a cross validation: with the fold that was stopped, and those after it.
 *
 * @returns undefined where the folder is none
 * @throws what `resumeTraining` throws
 */
export async function resumeFolds(path: string, options: FoldsOptions = {}): Promise<FoldsOutcome | undefined> {
  const folds = await foldsIn(path);
  if (folds === undefined) return undefined;
  return goOn(await readTrainConfig(foldsFolder(path).config), path, folds, options);
}

async function goOn(
  config: TrainConfig,
  path: string,
  folds: readonly number[],
  { onEvent, ...options }: FoldsOptions,
): Promise<FoldsOutcome> {
  const outcomes: TrainingOutcome[] = [];
  for (const fold of folds) {
    const run = foldsFolder(path).run(fold);
    const telling = { ...options, onEvent: (event: TrainingEvent) => onEvent?.(event, fold) };
    const outcome = (await isRun(run))
      ? await resumeTraining(run, telling)
      : await train(config, run, { ...telling, fold });
    outcomes.push(outcome);
    if (outcome.ended === "aborted") break;
  }
  return { path, ended: outcomes.at(-1)?.ended ?? "finished", outcomes };
}
