import { readdir } from "node:fs/promises";
import { join } from "node:path";

import { ArtifactError, foldsFolder, foldsIn, isRun, readRunLog, runFolder } from "@multirnet/artifacts";
import { CodedError, messageOf, type NotGiven } from "@multirnet/base";

import { readTrainConfig } from "../config/train-config.js";
import { readMetrics } from "../measuring/read-metrics.js";
import { readRunFacts } from "../training/run-facts.js";

/** A run, or a cross validation, in a line. */
export interface ListedRun {
  readonly path: string;
  readonly kind: "run" | "folds";
  readonly name: string;
  readonly network: string;
  readonly seed: number;
  readonly fold: number | NotGiven;
  readonly steps: number;
  readonly epochs: number;
  readonly ofEpochs: number;
  readonly started: string;
  readonly vdsc: number | NotGiven; // mean of the cases that were held back
  readonly accuracy: number | NotGiven;
}

/** A run of which a part cannot be read, such as a config of another version. */
export interface DamagedRun {
  readonly path: string;
  readonly kind: "damaged";
  readonly because: string;
}

/**
 * The runs and cross validations that lie in a folder, by name; what is no run is passed over.
 *
 * @throws ArtifactError ARTIFACT_UNREADABLE
 */
export async function listRuns(folder: string): Promise<(ListedRun | DamagedRun)[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    throw new ArtifactError({ code: "ARTIFACT_UNREADABLE", path: folder, because: messageOf(error) }, { cause: error });
  }
  const found: (ListedRun | DamagedRun)[] = [];
  for (const name of names.sort()) {
    const path = join(folder, name);
    try {
      const folds = await foldsIn(path);
      if (folds !== undefined) found.push(...(await listedFolds(path, folds)));
      else if (await isRun(path)) found.push(await listedRun(path));
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      found.push({ path, kind: "damaged", because: error.message });
    }
  }
  return found;
}

async function listedRun(path: string): Promise<ListedRun> {
  const run = runFolder(path);
  const config = await readTrainConfig(run.config);
  const facts = await readRunFacts(run.run);
  const { steps, epochs } = await readRunLog(run.log);
  return {
    path,
    kind: "run",
    name: facts.name,
    network: config.network.name,
    seed: facts.seed,
    fold: facts.fold ?? { undefined: "none held back" },
    steps: steps.length,
    epochs: epochs.length,
    ofEpochs: config.epochs,
    started: facts.started,
    ...(await headlines(run.metrics)),
  };
}

/** A cross validation in one line, with the figures of all its cases together. */
async function listedFolds(path: string, folds: readonly number[]): Promise<ListedRun[]> {
  const runs: ListedRun[] = [];
  for (const fold of folds) {
    const run = foldsFolder(path).run(fold);
    if (await isRun(run)) runs.push(await listedRun(run));
  }
  const [first] = runs;
  if (first === undefined) return [];
  const sum = (of: "steps" | "epochs" | "ofEpochs"): number => runs.reduce((total, run) => total + run[of], 0);
  return [
    {
      ...first,
      path,
      kind: "folds",
      fold: { undefined: `${String(runs.length)} of ${String(folds.length)} folds begun` },
      steps: sum("steps"),
      epochs: sum("epochs"),
      ofEpochs: first.ofEpochs * folds.length,
      ...(await headlines(foldsFolder(path).metrics)),
    },
  ];
}

async function headlines(path: string): Promise<Pick<ListedRun, "vdsc" | "accuracy">> {
  const metrics = await readMetrics(path);
  if (metrics === undefined) return { vdsc: { undefined: "not measured" }, accuracy: { undefined: "not measured" } };
  const { segmentation, classification } = metrics;
  return {
    vdsc: isAbsent(segmentation) ? segmentation : (segmentation["vdsc"]?.mean ?? { undefined: "not measured" }),
    accuracy: isAbsent(classification) ? classification : classification.accuracy,
  };
}

function isAbsent(value: object): value is NotGiven {
  return "undefined" in value;
}
