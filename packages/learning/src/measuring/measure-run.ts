import { existsSync } from "node:fs";
import { join } from "node:path";

import { runFolder, writeJson } from "@multirnet/artifacts";
import { loadModel, type LoadedModel } from "@multirnet/inference";
import { writeNifti } from "@multirnet/imaging/node";

import { readTrainConfig } from "../config/train-config.js";
import { openDataset, type CaseEntry, type Dataset } from "../dataset/index.js";
import { LearningError } from "../errors.js";
import { casesOf } from "../training/cases.js";
import { readRunFacts } from "../training/run-facts.js";
import { measureCases, type Measured, type MeasureOptions } from "./measure-cases.js";

export const MEASURED_SPLITS = ["test", "validation", "train"] as const;
export type MeasuredSplit = (typeof MEASURED_SPLITS)[number];

export interface MeasureRunOptions extends Pick<MeasureOptions, "passes" | "signal" | "onCase"> {
  /** Another dataset folder than the one that the run was trained on. */
  readonly dataset?: string | undefined;
  readonly split?: MeasuredSplit | undefined;
  /** Where `metrics.json` and `predictions/CASE.nii.gz` go; the run folder where its own test cases are measured, else nowhere. */
  readonly out?: string | undefined;
}

/** What was measured, on what, and how much of it the weights had seen. */
export interface MeasuredRun extends Measured {
  readonly dataset: string;
  readonly split: MeasuredSplit;
  readonly region: "whole";
  readonly seenInTraining: readonly string[]; // cases by which the weights were made or chosen: no measure of anything new
}

/**
 * Measures a run or a bundle on whole cases. Of its own dataset `test` is the fold that was held back, or the dataset's test cases where
 * none was; of another dataset its test cases, or all cases where it sets none apart.
 *
 * @throws LearningError MEASURE_NO_CASES, MEASURE_NO_DATASET; DatasetError, ArtifactError, FileError and InferenceError as their rooms say
 */
export async function measureRun(path: string, options: MeasureRunOptions = {}): Promise<MeasuredRun> {
  const { split = "test", dataset: other, ...rest } = options;
  const model = await loadModel(path);
  try {
    const { dataset, entries } = other === undefined ? await ownCases(path, split) : await otherCases(other, split);
    if (entries.length === 0) throw new LearningError({ code: "MEASURE_NO_CASES", dataset: dataset.dir, split });
    const out = options.out ?? (other === undefined && split === "test" ? path : undefined);
    const measured = await measureCases(model, dataset, entries, {
      ...rest,
      onFinding: async ({ name }, { lesions }) => {
        if (out !== undefined && model.card.labels.length > 0)
          await writeNifti(join(out, "predictions", `${name}.nii.gz`), lesions);
      },
    });
    const result: MeasuredRun = {
      ...measured,
      dataset: dataset.name,
      split,
      region: "whole",
      seenInTraining: seenCases(model, dataset, entries),
    };
    if (out !== undefined) await writeJson(runFolder(out).metrics, result);
    return result;
  } finally {
    model.network.release();
  }
}

interface Chosen {
  readonly dataset: Dataset;
  readonly entries: readonly CaseEntry[];
}

async function ownCases(path: string, split: MeasuredSplit): Promise<Chosen> {
  const run = runFolder(path);
  if (!existsSync(run.run)) throw new LearningError({ code: "MEASURE_NO_DATASET", path });
  const { fold } = await readRunFacts(run.run);
  const cases = await casesOf(await readTrainConfig(run.config), fold);
  return { dataset: cases.dataset, entries: cases[split] };
}

async function otherCases(dir: string, split: MeasuredSplit): Promise<Chosen> {
  const dataset = await openDataset(dir);
  const of = (wanted: CaseEntry["split"]): CaseEntry[] => dataset.cases.filter((entry) => entry.split === wanted);
  const test = of("test");
  const bySplit = { test: test.length === 0 ? dataset.cases : test, validation: [], train: of("train") };
  return { dataset, entries: bySplit[split] };
}

/** By name, where the dataset is called as the one of the training: another dataset may call its cases alike. */
function seenCases({ card }: LoadedModel, { name }: Dataset, entries: readonly CaseEntry[]): string[] {
  if (card.data.name !== name) return [];
  return entries.flatMap((entry) => (card.data.cases.includes(entry.name) ? [entry.name] : []));
}
