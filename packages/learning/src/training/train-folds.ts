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
  readonly outcomes: readonly TrainingOutcome[]; // of the folds that were begun here, or had ended
  readonly elsewhere: readonly number[]; // folds that other processes were training at the end
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
 * Goes on with a cross validation: with the fold that was stopped, and those after it. Several processes may do so at once: each takes the next fold that
 * nobody trains.
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
  const outcomes = new Map<number, TrainingOutcome>();
  const aborted = (): boolean => [...outcomes.values()].some(({ ended }) => ended === "aborted");
  /** @returns the folds that other processes train */
  const trainEach = async (some: readonly number[]): Promise<number[]> => {
    const busy: number[] = [];
    for (const fold of some) {
      if (aborted()) break;
      const run = foldsFolder(path).run(fold);
      const telling = { ...options, onEvent: (event: TrainingEvent) => onEvent?.(event, fold) };
      try {
        const begun = await isRun(run);
        outcomes.set(fold, begun ? await resumeTraining(run, telling) : await train(config, run, { ...telling, fold }));
      } catch (error) {
        if (!(error instanceof ArtifactError && error.code === "RUN_BUSY")) throw error;
        busy.push(fold);
      }
    }
    return busy;
  };
  const elsewhere = await trainEach(await trainEach(folds)); // once more: others have ended meanwhile
  const ordered = folds.flatMap((fold) => outcomes.get(fold) ?? []);
  return { path, ended: aborted() ? "aborted" : "finished", outcomes: ordered, elsewhere };
}
