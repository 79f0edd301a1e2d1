import { messageOf } from "@multirnet/base";
import { ImagingError, requireSameGrid, type Volume } from "@multirnet/imaging";
import { readLabels, readScan } from "@multirnet/imaging/node";

import type { CaseEntry } from "./case-entry.js";
import type { Dataset } from "./dataset.js";
import { DatasetError, type DatasetProblem } from "./dataset-error.js";
import type { CaseVolumes } from "./preparation.js";

/** Our lung masks: 1 right, 2 left; public ones mark both with 1. */
const LUNG_VALUES = [0, 1, 2];

/** What could be read of a case, the reader's warnings, and all that is wrong with its files. */
export interface CaseReading {
  readonly volumes: CaseVolumes | undefined;
  readonly warnings: readonly { readonly path: string; readonly warning: string }[];
  readonly problems: readonly DatasetProblem[];
}

/** Reads a case's image and masks and goes on after a fault, so that all faults are found at once. */
export async function readCase(entry: CaseEntry, labels: Dataset["labels"]): Promise<CaseReading> {
  const problems: DatasetProblem[] = [];
  const warnings: { path: string; warning: string }[] = [];
  const attempt = async <T>(read: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof ImagingError)) throw error;
      const code = error.code === "GRIDS_DIFFER" ? "DATASET_GRID_DIFFERS" : "DATASET_SCAN_UNREADABLE";
      problems.push({ code, case: entry.name, because: messageOf(error) });
      return undefined;
    }
  };
  const note = (path: string, said: readonly string[]): void => {
    warnings.push(...said.map((warning) => ({ path, warning })));
  };
  const image = await attempt(() => readScan(entry.image));
  if (image !== undefined) note(entry.image, image.warnings);
  const readMask = async (
    path: string | undefined,
    allowed: readonly number[],
  ): Promise<Volume<"label"> | undefined> => {
    if (path === undefined) return undefined;
    return attempt(async () => {
      const { volume: mask, warnings: said } = await readLabels(path, { allowed });
      note(path, said);
      if (image === undefined) return undefined;
      requireSameGrid({ name: path, grid: mask.grid }, { name: entry.image, grid: image.volume.grid });
      return mask;
    });
  };
  const mask = await readMask(entry.label, [0, ...Object.values(labels)]);
  const lung = await readMask(entry.lung, LUNG_VALUES);
  const volumes =
    image === undefined
      ? undefined
      : { scan: image.volume, ...(mask === undefined ? {} : { mask }), ...(lung === undefined ? {} : { lung }) };
  return { volumes, warnings, problems };
}

/** @throws DatasetError DATASET_SCAN_UNREADABLE, DATASET_GRID_DIFFERS: the first fault */
export async function requireCase(entry: CaseEntry, labels: Dataset["labels"]): Promise<CaseVolumes> {
  const { volumes, problems } = await readCase(entry, labels);
  const [problem] = problems;
  if (problem !== undefined || volumes === undefined) {
    throw new DatasetError(problem ?? { code: "DATASET_SCAN_UNREADABLE", case: entry.name, because: entry.image });
  }
  return volumes;
}
