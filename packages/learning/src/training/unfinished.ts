import { foldsFolder, foldsIn } from "@multirnet/artifacts";

import { LearningError } from "../errors.js";
import { positionOfRun } from "./state.js";

/**
 * What has to be said of weights that a training may still change: a note for the run, or for each run of the cross validation, that has not come to its end.
 *
 * @throws ArtifactError FOLDS_INVALID
 */
export async function unfinishedRuns(path: string): Promise<string[]> {
  const folds = await foldsIn(path);
  const runs = folds?.map((fold) => foldsFolder(path).run(fold)) ?? [path];
  return (await Promise.all(runs.map(noteOf))).flat();
}

async function noteOf(run: string): Promise<string[]> {
  try {
    const position = await positionOfRun(run);
    if (position?.done !== false) return [];
    const { steps, epoch } = position;
    return [`${run} has not come to its end: it has made ${String(steps)} steps, and is in epoch ${String(epoch)}`];
  } catch (error) {
    if (!(error instanceof LearningError)) throw error;
    return [`whether ${run} has come to its end is not known: ${error.message}`];
  }
}
