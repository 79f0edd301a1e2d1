import { mkdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";

import { fileErrorOf, isTemporary, namesIn, sweepTemporaries } from "@multirnet/base/node";

import { ArtifactError } from "./errors.js";
import { foldsIn } from "./folds-folder.js";

/** Where the parts of a training run lie; all are absolute or relative as `path` is. */
export interface RunFolder {
  readonly path: string;
  readonly config: string; // the resolved config, YAML
  readonly run: string; // seed, versions, commit, digest of the dataset, host: JSON
  readonly card: string; // what its weights are: JSON
  readonly log: string; // a JSON line a step and an epoch
  readonly checkpoints: string;
  readonly lastState: string; // all that resuming needs, weights included
  readonly last: string;
  readonly best: string;
  readonly predictions: string;
  readonly pictures: string; // what the network made of some regions, epoch by epoch: PNG
  readonly events: string; // TensorBoard's
  readonly metrics: string;
  readonly report: string; // all of it on one page: HTML
}

/** @returns the paths of a run, whether it exists or not */
export function runFolder(path: string): RunFolder {
  return {
    path,
    config: join(path, "config.yaml"),
    run: join(path, "run.json"),
    card: join(path, "model.json"),
    log: join(path, "log.jsonl"),
    checkpoints: join(path, "checkpoints"),
    lastState: join(path, "checkpoints", "last.state.safetensors"),
    last: join(path, "checkpoints", "last.safetensors"),
    best: join(path, "checkpoints", "best.safetensors"),
    predictions: join(path, "predictions"),
    pictures: join(path, "pictures"),
    events: join(path, "events"),
    metrics: join(path, "metrics.json"),
    report: join(path, "report.html"),
  };
}

/**
 * Makes the folder of a new run, with its empty `checkpoints/`. `config.yaml` is written last of what a run begins with: one that was killed before
 * it has no step to lose, and gives its folder up.
 *
 * @throws ArtifactError RUN_FOLDER_TAKEN where the folder holds anything else
 * @throws FileError where it cannot be made
 */
export async function createRun(path: string): Promise<RunFolder> {
  const run = runFolder(path);
  try {
    const names = (await namesIn(path)).filter((name) => !isTemporary(name));
    const [held] = (await hasNotBegun(run, names)) ? [] : names;
    if (held !== undefined) throw new ArtifactError({ code: "RUN_FOLDER_TAKEN", path, holds: held });
    await mkdir(run.checkpoints, { recursive: true });
  } catch (error) {
    throw fileErrorOf(path, error);
  }
  return run;
}

/** Whether a folder holds only what a run begins with: no checkpoint, and no config yet. */
async function hasNotBegun(run: RunFolder, names: readonly string[]): Promise<boolean> {
  const beginning = [run.checkpoints, run.run, run.card].map((path) => basename(path));
  if (!names.includes(basename(run.checkpoints)) || !names.every((name) => beginning.includes(name))) return false;
  return (await namesIn(run.checkpoints)).length === 0;
}

/** Whether a folder holds a run that can go on. */
export async function isRun(path: string): Promise<boolean> {
  const config = await stat(runFolder(path).config).catch(() => undefined);
  return config?.isFile() === true;
}

/**
 * The folder of a run that has begun.
 *
 * @throws ArtifactError RUN_ABSENT where there is no `config.yaml`, RUN_OF_FOLDS, FOLDS_INVALID
 */
export async function openRun(path: string): Promise<RunFolder> {
  const folds = await foldsIn(path);
  if (folds !== undefined) throw new ArtifactError({ code: "RUN_OF_FOLDS", path, folds });
  if (!(await isRun(path))) throw new ArtifactError({ code: "RUN_ABSENT", path });
  return runFolder(path);
}

/** The folder of a run that is to go on; what a killed writer left half written in it is removed. @throws ArtifactError as `openRun` */
export async function reopenRun(path: string): Promise<RunFolder> {
  const run = await openRun(path);
  for (const folder of [run.path, run.checkpoints, run.pictures, run.predictions]) await sweepTemporaries(folder);
  return run;
}
