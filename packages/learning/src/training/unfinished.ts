import { foldsFolder, foldsIn } from "@multirnet/artifacts";

import { positionOfRun } from "./state.js";

/**
 * What has to be said of weights that a training still works on: a note for the run, or for each run of the cross validation, that has not come to its end.
 *
 * @throws ArtifactError FOLDS_INVALID; LearningError TRAINING_STATE
 */
export async function unfinishedRuns(path: string): Promise<string[]> {
  const folds = await foldsIn(path);
  const notes: string[] = [];
  for (const run of folds?.map((fold) => foldsFolder(path).run(fold)) ?? [path]) {
    const position = await positionOfRun(run);
    if (position?.done === false)
      notes.push(
        `${run} has not come to its end: these are its weights after ${String(position.steps)} steps, in epoch ${String(position.epoch)}`,
      );
  }
  return notes;
}
