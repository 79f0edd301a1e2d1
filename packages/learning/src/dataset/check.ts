import { join } from "node:path";

import { DIAGNOSES, nearestName } from "@multirnet/base";
import type { Xyz } from "@multirnet/imaging";

import type { CaseEntry } from "./case-entry.js";
import { readCase } from "./case-volumes.js";
import { explainDatasetProblem, type DatasetProblem } from "./dataset-error.js";
import { severityOf, type Severity } from "./severity.js";
import { surveyDataset } from "./survey.js";

export interface CheckedProblem {
  readonly code: DatasetProblem["code"];
  readonly severity: Severity;
  readonly case?: string;
  readonly message: string;
}

export interface DatasetCheck {
  /** How many cases the dataset has; those with a problem too, if they could be found at all. */
  readonly cases: number;
  readonly problems: readonly CheckedProblem[];
}

export interface CheckOptions {
  /** Diagnoses that are known; the paper's three unless told otherwise. */
  readonly diagnoses?: readonly string[];
  /** Told after each case whose scans have been read. */
  readonly onCase?: (done: number, of: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Looks for all that is wrong with a dataset folder, in its tables and inside its scans, and goes on after each find. Scans are
 * read one after another.
 */
export async function checkDataset(dir: string, options: CheckOptions = {}): Promise<DatasetCheck> {
  const { diagnoses = DIAGNOSES, onCase, signal } = options;
  const { cases, labels, rows, problems } = await surveyDataset(dir);
  const found: DatasetProblem[] = [...problems];
  for (const [index, entry] of cases.entries()) {
    signal?.throwIfAborted();
    const row = rows.get(entry.name);
    if (row !== undefined) found.push(...diagnosisProblems(entry, diagnoses, { path: join(dir, "cases.csv"), row }));
    if (entry.mask === "unknown" && entry.diagnosis === undefined) {
      found.push({ code: "DATASET_CASE_WITHOUT_TRUTH", case: entry.name });
    }
    found.push(...(await scanProblems(entry, labels)));
    onCase?.(index + 1, cases.length);
  }
  return { cases: cases.length, problems: found.map(checkedProblem) };
}

/** @returns a problem as a report shows it */
export function checkedProblem(problem: DatasetProblem): CheckedProblem {
  return {
    code: problem.code,
    severity: severityOf(problem),
    ...("case" in problem ? { case: problem.case } : {}),
    message: explainDatasetProblem(problem),
  };
}

function diagnosisProblems(
  { name, diagnosis }: CaseEntry,
  known: readonly string[],
  place: { readonly path: string; readonly row: number },
): DatasetProblem[] {
  if (diagnosis === undefined || known.includes(diagnosis)) return [];
  const nearest = nearestName(diagnosis, known);
  const near = nearest === undefined ? {} : { nearest };
  return [{ code: "DATASET_DIAGNOSIS_UNKNOWN", ...place, case: name, diagnosis, ...near, known }];
}

async function scanProblems(entry: CaseEntry, labels: Readonly<Record<string, number>>): Promise<DatasetProblem[]> {
  const { volumes, warnings, problems } = await readCase(entry, labels);
  const found = [...problems];
  const { name, image, label, lung, diagnosis } = entry;
  for (const warning of warnings) found.push({ code: "DATASET_SCAN_WARNING", case: name, ...warning });
  if (volumes === undefined) return found;
  const { spacingMm } = volumes.scan.grid;
  if (isOddSpacing(spacingMm)) {
    found.push({ code: "DATASET_SPACING_ODD", case: name, path: image, spacing: spacingWords(spacingMm) });
  }
  if (volumes.mask !== undefined && label !== undefined) {
    const voxels = volumes.mask.voxels.reduce((sum, value) => sum + Number(value !== 0), 0);
    if (voxels === 0 && diagnosis !== undefined && diagnosis !== "normal") {
      found.push({ code: "DATASET_MASK_EMPTY", case: name, path: label, diagnosis });
    }
    if (voxels > 0 && diagnosis === "normal") {
      found.push({ code: "DATASET_MASK_OF_NORMAL", case: name, path: label, voxels });
    }
  }
  if (volumes.lung?.voxels.every((value) => value === 0) && lung !== undefined) {
    found.push({ code: "DATASET_LUNG_EMPTY", case: name, path: lung });
  }
  return found;
}

/** Clinical chest CT has pixels of 0.5 to 1 mm and slices 0.5 to 10 mm apart; the limits leave room around both. */
function isOddSpacing(spacingMm: Xyz): boolean {
  const [least = 0, middle = 0, most = 0] = [spacingMm.x, spacingMm.y, spacingMm.z].sort((a, b) => a - b);
  return least < 0.3 || middle > 3 || most > 15;
}

function spacingWords({ x, y, z }: Xyz): string {
  return `${[x, y, z].map((mm) => Number(mm.toPrecision(4))).join(" × ")} mm`;
}
