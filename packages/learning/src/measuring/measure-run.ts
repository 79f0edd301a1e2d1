import { existsSync } from "node:fs";
import { join } from "node:path";

import { foldsFolder, foldsIn, runFolder, writeJson } from "@multirnet/artifacts";
import { bootstrapMean, type Interval } from "@multirnet/evaluation";
import { loadModel, passesOf, type LoadedModel } from "@multirnet/inference";
import { writeNifti } from "@multirnet/imaging/node";

import { readTrainConfig } from "../config/train-config.js";
import { openDataset, type CaseEntry, type Dataset } from "../dataset/index.js";
import { LearningError } from "../errors.js";
import { readRunFacts } from "../training/run-facts.js";
import { unfinishedRuns } from "../training/unfinished.js";
import type { MeasuredRegion } from "./look.js";
import { measuredTogether, scoreCases, type Measured, type MeasureOptions, type ScoredCase } from "./measure-cases.js";
import { namedScores } from "./named-scores.js";

export const MEASURED_SPLITS = ["test", "validation", "train", "apart"] as const;
export type MeasuredSplit = (typeof MEASURED_SPLITS)[number];

export interface MeasureRunOptions extends Pick<MeasureOptions, "passes" | "signal" | "onCase" | "region"> {
  /** Another dataset folder than the one that the run was trained on. */
  readonly dataset?: string | undefined;
  readonly split?: MeasuredSplit | undefined;
  /**
   * Where `metrics.json` and `predictions/CASE.nii.gz` go; the run folder where its own test cases are measured whole, with the passes of the network, else
   * nowhere.
   */
  readonly out?: string | undefined;
}

/** What was measured, on what, and how much of it the weights had seen. */
export interface MeasuredRun extends Measured {
  readonly dataset: string;
  readonly split: MeasuredSplit;
  readonly region: MeasuredRegion;
  readonly passes: number; // extra passes that were made
  readonly seenInTraining: readonly string[]; // cases by which the weights were made or chosen: no measure of anything new
  readonly notes: readonly string[];
}

/** A cross validation: every case by the run that had not seen it. */
export interface MeasuredFolds extends MeasuredRun {
  readonly folds: Readonly<Record<string, readonly string[]>>; // the cases of each
  readonly bootstrap95: Readonly<Record<string, Interval>>; // of the mean over cases, by score
}

/**
 * Measures a run or a bundle. Of its own dataset `test` is the fold that was held back, or what is kept for the end where none was, and `apart` is what is
 * kept for the end; of another dataset its test cases, or all cases where it sets none apart. Of a cross validation each run measures its own fold, and all
 * cases are put together; on what is kept for the end, and on another dataset, its runs answer together. A run that has not come to its end is measured as it
 * is, with a note.
 *
 * @throws LearningError MEASURE_NO_CASES, MEASURE_NO_DATASET, MEASURE_SPLIT_OF_FOLDS, CASE_UNKNOWN; DatasetError, ArtifactError, FileError and InferenceError as their rooms say
 */
export async function measureRun(path: string, options: MeasureRunOptions = {}): Promise<MeasuredRun | MeasuredFolds> {
  const { split = "test", dataset: other } = options;
  const folds = await foldsIn(path);
  if (folds !== undefined && other === undefined && split !== "apart") {
    if (split !== "test") throw new LearningError({ code: "MEASURE_SPLIT_OF_FOLDS", path, split, folds });
    return measureFolds(path, folds, options);
  }
  const out = options.out ?? (isOwnMeasure(options) ? path : undefined);
  const { cases, classes, facts } = await scored(path, { ...options, out });
  const result = { ...measuredTogether(cases, classes), ...facts };
  if (out !== undefined) await writeJson(runFolder(out).metrics, result);
  return result;
}

/** Whether what is measured is what a run is known by. */
function isOwnMeasure({ dataset, split = "test", region = "whole", passes }: MeasureRunOptions): boolean {
  return dataset === undefined && split === "test" && region === "whole" && passes === undefined;
}

async function measureFolds(
  path: string,
  folds: readonly number[],
  options: MeasureRunOptions,
): Promise<MeasuredFolds> {
  const out = options.out ?? (isOwnMeasure(options) ? path : undefined);
  const found: ScoredRun[] = [];
  for (const fold of folds) {
    const run = foldsFolder(path).run(fold);
    const one = await scored(run, { ...options, out });
    if (out === path)
      await writeJson(runFolder(run).metrics, { ...measuredTogether(one.cases, one.classes), ...one.facts });
    found.push(one);
  }
  const all = found.flatMap(({ cases }) => cases);
  const [first] = found as [ScoredRun];
  const result: MeasuredFolds = {
    ...measuredTogether(all, first.classes),
    ...first.facts,
    seenInTraining: found.flatMap(({ facts }) => facts.seenInTraining),
    notes: [...new Set(found.flatMap(({ facts }) => facts.notes))],
    folds: Object.fromEntries(found.map(({ cases }, i) => [String(folds[i]), cases.map((one) => one.case)])),
    bootstrap95: bootstraps(all),
  };
  if (out !== undefined) await writeJson(foldsFolder(out).metrics, result);
  return result;
}

/** The interval of each score that two cases or more have. */
function bootstraps(cases: readonly ScoredCase[]): Record<string, Interval> {
  const named = cases.flatMap(({ scores }) => (scores === undefined ? [] : [namedScores(scores)]));
  return Object.fromEntries(
    Object.keys(named[0] ?? {}).flatMap((name) => {
      const values = named.flatMap((scores) => (scores[name]?.kind === "value" ? scores[name].value : []));
      return values.length < 2 ? [] : [[name, bootstrapMean(values)] as const];
    }),
  );
}

interface ScoredRun {
  readonly cases: readonly ScoredCase[];
  readonly classes: readonly string[];
  readonly facts: Omit<MeasuredRun, keyof Measured>;
}

/** The cases of one run or bundle, each with its scores, and its masks written. */
async function scored(
  path: string,
  { split = "test", region = "whole", dataset: other, out, passes, signal, onCase }: MeasureRunOptions,
): Promise<ScoredRun> {
  const unfinished = await unfinishedRuns(path); // before the weights are read, and long before they have been measured
  const model = await loadModel(path);
  try {
    const { dataset, entries } =
      other === undefined ? await ownCases((await anyRunOf(path)) ?? path, split) : await otherCases(other, split);
    if (entries.length === 0) throw new LearningError({ code: "MEASURE_NO_CASES", dataset: dataset.dir, split });
    const cases = await scoreCases(model, dataset, entries, {
      passes,
      signal,
      onCase,
      region,
      onFinding: async ({ name }, lesions) => {
        if (out !== undefined && model.card.labels.length > 0)
          await writeNifti(join(out, "predictions", `${name}.nii.gz`), lesions);
      },
    });
    const facts = {
      dataset: dataset.name,
      split,
      region,
      passes: passesOf(model.card, passes),
      seenInTraining: seenCases(model, dataset, entries),
      notes: [...(region === "roi" ? [ROI_NOTE] : []), ...unfinished],
    };
    return { cases, classes: model.card.classes, facts };
  } finally {
    model.network.release();
  }
}

const ROI_NOTE =
  "each case is one region around its largest lesion, whose place was taken from the truth: no measure of finding lesions in a scan";

interface Chosen {
  readonly dataset: Dataset;
  readonly entries: readonly CaseEntry[];
}

/** A run of a cross validation: all of them keep the same cases for the end. */
async function anyRunOf(path: string): Promise<string | undefined> {
  const folds = await foldsIn(path);
  return folds === undefined ? undefined : foldsFolder(path).run(folds[0] as number);
}

async function ownCases(path: string, split: MeasuredSplit): Promise<Chosen> {
  const run = runFolder(path);
  if (!existsSync(run.run)) throw new LearningError({ code: "MEASURE_NO_DATASET", path });
  const dataset = await openDataset((await readTrainConfig(run.config)).dataset);
  const { cases } = await readRunFacts(run.run); // as they were parted then, whatever the dataset has got since
  const entries = cases[split].map((name) => {
    const entry = dataset.cases.find((one) => one.name === name);
    if (entry !== undefined) return entry;
    const known = dataset.cases.map((one) => one.name);
    throw new LearningError({ code: "CASE_UNKNOWN", case: name, dataset: dataset.dir, known });
  });
  return { dataset, entries };
}

async function otherCases(dir: string, split: MeasuredSplit): Promise<Chosen> {
  const dataset = await openDataset(dir);
  const of = (wanted: CaseEntry["split"]): CaseEntry[] => dataset.cases.filter((entry) => entry.split === wanted);
  const test = of("test");
  const bySplit = { test: test.length === 0 ? dataset.cases : test, apart: test, validation: [], train: of("train") };
  return { dataset, entries: bySplit[split] };
}

/** By name, where the dataset is called as the one of the training: another dataset may call its cases alike. */
function seenCases({ card }: LoadedModel, { name }: Dataset, entries: readonly CaseEntry[]): string[] {
  if (card.data.name !== name) return [];
  return entries.flatMap((entry) => (card.data.cases.includes(entry.name) ? [entry.name] : []));
}
