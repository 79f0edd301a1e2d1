import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";

import { ArtifactError } from "./errors.js";
import { unwritable } from "./file-error.js";
import { namesIn, sweepTemporaries } from "./temporaries.js";

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
  readonly metrics: string;
  readonly report: string;
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
    metrics: join(path, "metrics.json"),
    report: join(path, "report.html"),
  };
}

/**
 * Makes the folder of a new run, with its empty `checkpoints/`.
 *
 * @throws ArtifactError RUN_FOLDER_TAKEN where the folder holds anything
 * @throws FileError where it cannot be made
 */
export async function createRun(path: string): Promise<RunFolder> {
  const run = runFolder(path);
  try {
    const [held] = await namesIn(path);
    if (held !== undefined) throw new ArtifactError({ code: "RUN_FOLDER_TAKEN", path, holds: held });
    await mkdir(run.checkpoints, { recursive: true });
  } catch (error) {
    if (error instanceof ArtifactError) throw error;
    throw unwritable(path, error);
  }
  return run;
}

/**
 * The folder of a run that is to go on; what a killed writer left half written in it is removed.
 *
 * @throws ArtifactError RUN_ABSENT where there is no `config.yaml`
 */
export async function reopenRun(path: string): Promise<RunFolder> {
  const run = runFolder(path);
  const config = await stat(run.config).catch(() => undefined);
  if (config?.isFile() !== true) throw new ArtifactError({ code: "RUN_ABSENT", path });
  for (const folder of [run.path, run.checkpoints]) await sweepTemporaries(folder);
  return run;
}
