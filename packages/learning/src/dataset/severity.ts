import type { DatasetProblem } from "./dataset-error.js";

/** An error must be mended before a dataset opens; a warning should be looked at; a note says what is known of the data. */
export type Severity = "error" | "warning" | "note";

const MILD: { readonly [C in DatasetProblem["code"]]?: Severity } = {
  DATASET_COLUMN_UNKNOWN: "warning",
  DATASET_IMAGE_UNLISTED: "warning",
  DATASET_MASK_WITHOUT_IMAGE: "warning",
  DATASET_CASE_WITHOUT_TRUTH: "warning",
  DATASET_DIAGNOSIS_UNKNOWN: "warning",
  DATASET_MASK_EMPTY: "warning",
  DATASET_MASK_OF_NORMAL: "warning",
  DATASET_LUNG_EMPTY: "warning",
  DATASET_SPACING_ODD: "warning",
  DATASET_SCAN_WARNING: "warning",
  DATASET_SLICES_UNLABELLED: "note",
  DATASET_PATIENTS_UNKNOWN: "note",
};

/** Columns that say which cases may stand together: one that is misspelt would let cases of a patient train and judge. */
const KEEPS_APART: readonly (string | undefined)[] = ["patient", "split", "fold"];

export function severityOf(problem: DatasetProblem): Severity {
  if (problem.code === "DATASET_COLUMN_UNKNOWN" && KEEPS_APART.includes(problem.nearest)) return "error";
  return MILD[problem.code] ?? "error";
}
