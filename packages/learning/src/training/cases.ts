import { join } from "node:path";

import { workingSpacing } from "@multirnet/inference";
import { headsOf, taskOf, type NetworkSpec } from "@multirnet/networks";

import type { TrainConfig } from "../config/train-config.js";
import {
  innerSplit,
  lesionChannels,
  openDataset,
  setApart,
  splitCases,
  type CaseEntry,
  type Dataset,
  type PreparedCase,
} from "../dataset/index.js";
import { channelTable } from "../dataset/preparation.js";
import { prepareCase } from "../dataset/prepare-case.js";
import { LearningError } from "../errors.js";

/** Which cases do what in a training. No patient stands in two of these lists. */
export interface TrainingCases {
  readonly dataset: Dataset;
  readonly train: readonly CaseEntry[];
  readonly validation: readonly CaseEntry[];
  readonly test: readonly CaseEntry[]; // the fold that is held back, or what is kept for the end where no fold is
  readonly apart: readonly CaseEntry[]; // kept for the end, whatever the fold
}

/** @throws DatasetError as its room says, DATASET_LABEL_UNKNOWN, _TWICE and _UNTYPED for what the network outlines; LearningError TRAINING_NO_CASES */
export async function casesOf(config: TrainConfig, fold: number | undefined): Promise<TrainingCases> {
  const dataset = await openDataset(config.dataset);
  const { testShare: share, seed } = config.folds;
  const { train, heldOut, test } = splitCases(setApart(dataset.cases, { share, seed }), {
    folds: config.folds.count,
    seed: config.folds.seed,
    fold,
  });
  const usable = train.filter((entry) => isUsable(entry, config));
  if (usable.length === 0) {
    const because = `none of its ${String(train.length)} training cases has what the network learns from`;
    throw new LearningError({ code: "TRAINING_NO_CASES", dataset: config.dataset, because });
  }
  requireTwoDiagnoses(usable, config);
  if (usable.some(({ mask }) => mask === "drawn")) channelTable(dataset.labels, channelsOf(config, dataset));
  const inner = innerSplit(usable, { share: config.validation.share, seed: config.seed });
  return {
    dataset,
    train: inner.train,
    validation: inner.validation,
    test: fold === undefined ? test : heldOut,
    apart: test,
  };
}

/**
 * To tell one thing from nothing teaches nothing.
 *
 * @throws LearningError TRAINING_NO_CASES
 */
function requireTwoDiagnoses(cases: readonly CaseEntry[], { network, dataset }: TrainConfig): void {
  if (taskOf(network) === "segmentation") return;
  const told = new Set(cases.flatMap((entry) => (tellsOf(entry, network) ? (entry.diagnosis ?? []) : [])));
  if (told.size > 1) return;
  const [only] = told;
  const because =
    `its ${String(cases.length)} training cases tell ${only === undefined ? "no diagnosis" : `one diagnosis only, ${only}`}; ` +
    `expected two or more (${headsOf(network).classes.join(", ")}), or a network that only outlines (network.task: segmentation)`;
  throw new LearningError({ code: "TRAINING_NO_CASES", dataset, because });
}

/** Whether a case has a mask or a diagnosis that this network has a head for. */
function isUsable(entry: CaseEntry, { network }: TrainConfig): boolean {
  return (outlines(network) && entry.mask !== "unknown") || tellsOf(entry, network);
}

function outlines(network: NetworkSpec): boolean {
  return taskOf(network) !== "diagnosis" && headsOf(network).lesions.length > 0;
}

/** Whether the network can tell the case's diagnosis. */
function tellsOf({ diagnosis }: CaseEntry, network: NetworkSpec): boolean {
  return taskOf(network) !== "segmentation" && diagnosis !== undefined && headsOf(network).classes.includes(diagnosis);
}

/**
 * Validation cases of which none has a lesion to outline, or a diagnosis to tell, would choose weights by nothing.
 *
 * @throws LearningError TRAINING_NO_CASES
 */
export function requireJudging(validating: readonly PreparedCase[], { network, dataset }: TrainConfig): void {
  const judges = ({ components, entry }: PreparedCase): boolean =>
    (outlines(network) && components.length > 0) || tellsOf(entry, network);
  if (validating.length === 0 || validating.some(judges)) return;
  const because =
    `none of its ${String(validating.length)} validation cases has a lesion or a diagnosis that the network could be judged by; ` +
    `expected a larger validation.share, or 0`;
  throw new LearningError({ code: "TRAINING_NO_CASES", dataset, because });
}

function channelsOf({ network }: TrainConfig, { labels }: Dataset): readonly string[] {
  return lesionChannels(headsOf(network).lesions, labels);
}

/**
 * Prepares cases one after another; the cache lies in the dataset folder.
 *
 * @returns undefined where it was stopped; what was prepared by then is in the cache
 */
export async function prepareAll(
  entries: readonly CaseEntry[],
  dataset: Dataset,
  config: TrainConfig,
  signal: AbortSignal | undefined,
  onCase: (done: number) => void,
): Promise<PreparedCase[] | undefined> {
  const settings = { spacing: workingSpacing(config.preprocessing), channels: channelsOf(config, dataset) };
  const prepared: PreparedCase[] = [];
  for (const entry of entries) {
    if (signal?.aborted === true) return undefined;
    prepared.push(await prepareCase(entry, dataset.labels, settings, join(dataset.dir, ".prepared")));
    onCase(prepared.length);
  }
  return prepared;
}
