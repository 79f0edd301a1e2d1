import { createHash } from "node:crypto";
import { join, relative } from "node:path";

import { hashFile } from "@multirnet/artifacts";

import type { CaseEntry } from "./case-entry.js";
import { DatasetError } from "./dataset-error.js";
import { severityOf } from "./severity.js";
import { surveyDataset } from "./survey.js";

/** A dataset folder that hangs together: every case has its image, and no patient is torn apart. */
export interface Dataset {
  readonly dir: string;
  readonly name: string;
  /** Mask value of each label, without the background (0). */
  readonly labels: Readonly<Record<string, number>>;
  readonly cases: readonly CaseEntry[];
  /** SHA-256 of `dataset.json`, `cases.csv` and every file of the cases, with their names; hex. */
  readonly hash: string;
}

/**
 * Opens a dataset folder: nnU-Net's raw layout, with or without `cases.csv`. Scans are hashed, not decoded; `checkDataset` also
 * looks inside.
 *
 * @throws DatasetError the first problem that is not a mere warning
 * @throws ArtifactError ARTIFACT_UNREADABLE
 */
export async function openDataset(dir: string): Promise<Dataset> {
  const { name, labels, cases, rows, problems } = await surveyDataset(dir);
  const problem = problems.find((candidate) => severityOf(candidate) === "error");
  if (problem !== undefined) throw new DatasetError(problem);
  const files = cases.flatMap(({ image, label, lung }) => [image, label ?? [], lung ?? []].flat()).sort();
  const tables = [join(dir, "dataset.json"), ...(rows.size > 0 ? [join(dir, "cases.csv")] : [])];
  const hash = createHash("sha256");
  for (const path of [...tables, ...files]) hash.update(`${relative(dir, path)}\0${await hashFile(path)}\n`);
  return { dir, name, labels, cases, hash: hash.digest("hex") };
}

/**
 * The channels in which a network's regions find their lesions: those that it outlines, or, of one that outlines nothing, all lesions that the dataset has.
 *
 * @param outlined the network's lesion types
 */
export function lesionChannels(outlined: readonly string[], labels: Dataset["labels"]): readonly string[] {
  if (outlined.length > 0) return outlined;
  return LESIONS.some((name) => name in labels) ? ["lesion"] : Object.keys(labels);
}

const LESIONS = ["lesion", "ground-glass", "consolidation"];

/**
 * The mask values that make up one channel: the label of that name and, for `lesion`, also `ground-glass` and `consolidation`,
 * whose union it is.
 *
 * @throws DatasetError DATASET_LABEL_UNKNOWN
 */
export function labelValues(labels: Dataset["labels"], channel: string): readonly number[] {
  const names = channel === "lesion" ? LESIONS : [channel];
  const values = names.flatMap((name) => labels[name] ?? []);
  if (values.length > 0) return values;
  throw new DatasetError({ code: "DATASET_LABEL_UNKNOWN", label: channel, known: Object.keys(labels) });
}
