import { CodedError } from "@multirnet/base";

/** Where a row of a table stands: the file, and its line as an editor counts them. */
export interface RowPlace {
  readonly path: string;
  readonly row: number;
}

/** All that can be wrong with a dataset folder, with the folds asked of it, or with a folder that should become one. */
export type DatasetProblem =
  | { readonly code: "DATASET_FOLDER_MISSING"; readonly path: string }
  | { readonly code: "DATASET_FILE_UNREADABLE"; readonly path: string; readonly because: string }
  | { readonly code: "DATASET_JSON_BROKEN"; readonly path: string; readonly because: string }
  | {
      readonly code: "DATASET_JSON_KEY";
      readonly path: string;
      readonly key: string;
      readonly expected: string;
      readonly got: string;
    }
  | { readonly code: "DATASET_CHANNELS"; readonly path: string; readonly channels: readonly string[] }
  | { readonly code: "DATASET_SECOND_CHANNEL"; readonly path: string }
  | ({ readonly code: "DATASET_CSV_BROKEN"; readonly because: string } & RowPlace)
  | {
      readonly code: "DATASET_COLUMN_MISSING";
      readonly path: string;
      readonly column: string;
      readonly columns: readonly string[];
    }
  | {
      readonly code: "DATASET_COLUMN_UNKNOWN";
      readonly path: string;
      readonly column: string;
      readonly nearest?: string;
      readonly known: readonly string[];
    }
  | ({
      readonly code: "DATASET_CELL";
      readonly case: string;
      readonly column: string;
      readonly expected: string;
      readonly got: string;
    } & RowPlace)
  | ({ readonly code: "DATASET_CASE_TWICE"; readonly case: string; readonly firstRow: number } & RowPlace)
  | { readonly code: "DATASET_CASE_IN_BOTH"; readonly case: string; readonly paths: readonly string[] }
  | { readonly code: "DATASET_NO_CASES"; readonly path: string; readonly ending: string }
  | ({ readonly code: "DATASET_IMAGE_MISSING"; readonly case: string; readonly file: string } & RowPlace)
  | { readonly code: "DATASET_IMAGE_UNLISTED"; readonly case: string; readonly path: string; readonly file: string }
  | { readonly code: "DATASET_MASK_WITHOUT_IMAGE"; readonly case: string; readonly path: string }
  | { readonly code: "DATASET_CASE_WITHOUT_TRUTH"; readonly case: string }
  | ({
      readonly code: "DATASET_DIAGNOSIS_UNKNOWN";
      readonly case: string;
      readonly diagnosis: string;
      readonly nearest?: string;
      readonly known: readonly string[];
    } & RowPlace)
  | { readonly code: "DATASET_PATIENT_IN_TWO_SPLITS"; readonly patient: string; readonly cases: readonly string[] }
  | {
      readonly code: "DATASET_PATIENT_IN_TWO_FOLDS";
      readonly patient: string;
      readonly cases: readonly string[];
      readonly folds: readonly number[];
    }
  | { readonly code: "DATASET_FOLDS_MIXED"; readonly withFold: string; readonly withoutFold: string }
  | { readonly code: "DATASET_FOLD_UNKNOWN"; readonly fold: number; readonly known: readonly number[] }
  | { readonly code: "DATASET_FOLDS_COUNT"; readonly folds: number; readonly patients: number }
  | { readonly code: "DATASET_SHARE"; readonly share: number; readonly patients: number }
  | { readonly code: "DATASET_LABEL_UNKNOWN"; readonly label: string; readonly known: readonly string[] }
  | { readonly code: "DATASET_LABEL_TWICE"; readonly label: string; readonly other: string; readonly value: number }
  | { readonly code: "DATASET_LABEL_UNTYPED"; readonly label: string; readonly types: readonly string[] }
  | { readonly code: "DATASET_SCAN_UNREADABLE"; readonly case: string; readonly because: string }
  | { readonly code: "DATASET_GRID_DIFFERS"; readonly case: string; readonly because: string }
  | { readonly code: "DATASET_MASK_EMPTY"; readonly case: string; readonly path: string; readonly diagnosis: string }
  | { readonly code: "DATASET_MASK_OF_NORMAL"; readonly case: string; readonly path: string; readonly voxels: number }
  | { readonly code: "DATASET_LUNG_EMPTY"; readonly case: string; readonly path: string }
  | { readonly code: "DATASET_SPACING_ODD"; readonly case: string; readonly path: string; readonly spacing: string }
  | { readonly code: "DATASET_SCAN_WARNING"; readonly case: string; readonly path: string; readonly warning: string }
  | { readonly code: "DATASET_SLICES_UNLABELLED"; readonly case: string; readonly slices: number }
  | { readonly code: "DATASET_PATIENTS_UNKNOWN"; readonly cases: number }
  | {
      readonly code: "DATASET_PICTURE";
      readonly path: string;
      readonly place?: { readonly x: number; readonly y: number };
      readonly expected: string;
      readonly got: string;
    }
  | {
      readonly code: "DATASET_KIND_UNKNOWN";
      readonly kind: string;
      readonly known: readonly string[];
      readonly nearest?: string;
    }
  | { readonly code: "DATASET_OUT_EXISTS"; readonly path: string }
  | { readonly code: "DATASET_SOURCE_LAYOUT"; readonly kind: string; readonly path: string; readonly expected: string };

export class DatasetError extends CodedError<DatasetProblem> {
  readonly blame = "input";

  constructor(problem: DatasetProblem, options?: ErrorOptions) {
    super(problem, explainDatasetProblem(problem), options);
  }
}

/** The words of a problem; each stands alone, with the file or case it is about. */
export function explainDatasetProblem(problem: DatasetProblem): string {
  switch (problem.code) {
    case "DATASET_FOLDER_MISSING":
      return `${problem.path} is not a folder; expected a dataset folder with dataset.json and imagesTr`;
    case "DATASET_FILE_UNREADABLE":
      return `cannot read ${problem.path}: ${problem.because}`;
    case "DATASET_JSON_BROKEN":
      return `${problem.path} is no JSON object: ${problem.because}`;
    case "DATASET_JSON_KEY":
      return `${problem.path}: ${problem.key} must be ${problem.expected}, got ${problem.got}`;
    case "DATASET_CHANNELS":
      return (
        `${problem.path} names ${problem.channels.length} image channels (${problem.channels.join(", ")}); ` +
        `expected one, the CT`
      );
    case "DATASET_SECOND_CHANNEL":
      return `${problem.path} is the second channel of an image; expected one, the CT`;
    case "DATASET_CSV_BROKEN":
      return `${place(problem)}: ${problem.because}`;
    case "DATASET_COLUMN_MISSING":
      return `${problem.path} has no column ${problem.column}; it has ${problem.columns.join(", ")}`;
    case "DATASET_COLUMN_UNKNOWN":
      return (
        `${problem.path} has a column ${problem.column} that nothing reads${didYouMean(problem.nearest)}; ` +
        `known columns are ${problem.known.join(", ")}`
      );
    case "DATASET_CELL":
      return (
        `${place(problem)} (case ${problem.case}): ${problem.column} must be ${problem.expected}, ` +
        `got ${problem.got === "" ? "nothing" : problem.got}`
      );
    case "DATASET_CASE_TWICE":
      return `${place(problem)}: case ${problem.case} stands already in row ${problem.firstRow}`;
    case "DATASET_CASE_IN_BOTH":
      return `case ${problem.case} has two files where one is expected: ${problem.paths.join(" and ")}`;
    case "DATASET_NO_CASES":
      return `no image in ${problem.path}; expected files named CASE_0000${problem.ending}`;
    case "DATASET_IMAGE_MISSING":
      return `${place(problem)}: case ${problem.case} has no image ${problem.file} in imagesTr or imagesTs`;
    case "DATASET_IMAGE_UNLISTED":
      return `${problem.file} has no row in ${problem.path}, so case ${problem.case} is left out`;
    case "DATASET_MASK_WITHOUT_IMAGE":
      return `${problem.path} is a mask of case ${problem.case}, which has no image`;
    case "DATASET_CASE_WITHOUT_TRUTH":
      return `case ${problem.case} has neither a mask nor a diagnosis, so nothing can be learned or measured from it`;
    case "DATASET_DIAGNOSIS_UNKNOWN":
      return (
        `${place(problem)} (case ${problem.case}): diagnosis ${problem.diagnosis} is not among ` +
        `${problem.known.join(", ")}${didYouMean(problem.nearest)}`
      );
    case "DATASET_PATIENT_IN_TWO_SPLITS":
      return `patient ${problem.patient} is in train and in test (cases ${problem.cases.join(", ")})`;
    case "DATASET_PATIENT_IN_TWO_FOLDS":
      return (
        `patient ${problem.patient} is in folds ${problem.folds.join(" and ")} (cases ${problem.cases.join(", ")}); ` +
        `all cases of a patient belong in one fold`
      );
    case "DATASET_FOLDS_MIXED":
      return (
        `case ${problem.withFold} has a fold and case ${problem.withoutFold} has none; ` +
        `give every training case a fold, or none`
      );
    case "DATASET_FOLD_UNKNOWN":
      return `there is no fold ${problem.fold}; the folds are ${problem.known.join(", ")}`;
    case "DATASET_FOLDS_COUNT":
      return `cannot make ${problem.folds} folds of ${patients(problem.patients)}; expected a whole number from 2 to the number of patients`;
    case "DATASET_SHARE":
      return (
        `cannot hold back a share of ${problem.share} of ${patients(problem.patients)} for validation; ` +
        `expected 0 to below 1, with at least one patient left to train on`
      );
    case "DATASET_LABEL_UNKNOWN":
      return `the dataset has no label ${problem.label}; dataset.json names ${problem.known.join(", ") || "none"}`;
    case "DATASET_LABEL_TWICE":
      return `the labels ${problem.other} and ${problem.label} both claim the mask value ${problem.value}; ask for one of them`;
    case "DATASET_LABEL_UNTYPED":
      return `the label ${problem.label} does not say of which type its voxels are, and a network of ${problem.types.join(", ")} takes them for background; outline ${problem.label}, or take it out of dataset.json and the masks`;
    case "DATASET_SCAN_UNREADABLE":
    case "DATASET_GRID_DIFFERS":
      return `case ${problem.case}: ${problem.because}`;
    case "DATASET_MASK_EMPTY":
      return `case ${problem.case}: ${problem.path} is empty although the diagnosis is ${problem.diagnosis}`;
    case "DATASET_MASK_OF_NORMAL":
      return `case ${problem.case}: ${problem.path} has ${problem.voxels} lesion voxels although the diagnosis is normal`;
    case "DATASET_LUNG_EMPTY":
      return `case ${problem.case}: the lung mask ${problem.path} is empty`;
    case "DATASET_SPACING_ODD":
      return (
        `case ${problem.case}: ${problem.path} has a spacing of ${problem.spacing}; ` +
        `a chest CT has 0.3 to 3 mm in the slice and 0.3 to 15 mm between slices`
      );
    case "DATASET_SCAN_WARNING":
      return `case ${problem.case}: ${problem.path}: ${problem.warning}`;
    case "DATASET_SLICES_UNLABELLED":
      return (
        `case ${problem.case}: ${problem.slices} slices are marked no-infection by their source; ` +
        `their lesion masks are empty, and their lung masks too`
      );
    case "DATASET_PATIENTS_UNKNOWN":
      return (
        `which of the ${String(problem.cases)} cases are of one patient is not known: each counts as a patient of its own, ` +
        `so what is held back may not be independent of what is trained on`
      );
    case "DATASET_PICTURE": {
      const { path, place: at, expected, got } = problem;
      const where = at === undefined ? "" : ` at column ${String(at.x)}, row ${String(at.y)} (from 0)`;
      return `${path}${where}: expected ${expected}, got ${got}`;
    }
    case "DATASET_KIND_UNKNOWN":
      return (
        `there is no dataset kind ${problem.kind}${didYouMean(problem.nearest)}; ` +
        `known kinds are ${problem.known.join(", ")}`
      );
    case "DATASET_OUT_EXISTS":
      return `${problem.path} exists already and is not an empty folder; name a new folder for the dataset`;
    case "DATASET_SOURCE_LAYOUT":
      return `${problem.path} does not look like ${problem.kind}: expected ${problem.expected}`;
  }
}

function place({ path, row }: RowPlace): string {
  return `${path} row ${row}`;
}

function didYouMean(nearest: string | undefined): string {
  return nearest === undefined ? "" : ` (did you mean ${nearest}?)`;
}

function patients(count: number): string {
  return count === 1 ? "1 patient" : `${count} patients`;
}
