import { expect, test } from "vitest";

import { DatasetError, explainDatasetProblem, type DatasetProblem } from "./dataset-error.js";

const csv = { path: "d/cases.csv", row: 3 };

// One line for each code; a code without a line here fails the type of the table.
const words: { readonly [C in DatasetProblem["code"]]: readonly [Extract<DatasetProblem, { code: C }>, string] } = {
  DATASET_FOLDER_MISSING: [
    { code: "DATASET_FOLDER_MISSING", path: "d" },
    "d is not a folder; expected a dataset folder with dataset.json and imagesTr",
  ],
  DATASET_FILE_UNREADABLE: [
    { code: "DATASET_FILE_UNREADABLE", path: "d/dataset.json", because: "there is no such file" },
    "cannot read d/dataset.json: there is no such file",
  ],
  DATASET_JSON_BROKEN: [
    { code: "DATASET_JSON_BROKEN", path: "d/dataset.json", because: "it is empty" },
    "d/dataset.json is no JSON object: it is empty",
  ],
  DATASET_JSON_KEY: [
    { code: "DATASET_JSON_KEY", path: "d/dataset.json", key: "labels.lesion", expected: "a whole number", got: '"1"' },
    'd/dataset.json: labels.lesion must be a whole number, got "1"',
  ],
  DATASET_CHANNELS: [
    { code: "DATASET_CHANNELS", path: "d/dataset.json", channels: ["T1", "T2"] },
    "d/dataset.json names 2 image channels (T1, T2); expected one, the CT",
  ],
  DATASET_SECOND_CHANNEL: [
    { code: "DATASET_SECOND_CHANNEL", path: "imagesTr/a_0001.nii" },
    "imagesTr/a_0001.nii is the second channel of an image; expected one, the CT",
  ],
  DATASET_CSV_BROKEN: [
    { code: "DATASET_CSV_BROKEN", ...csv, because: "expected 2 cells (a, b), got 3" },
    "d/cases.csv row 3: expected 2 cells (a, b), got 3",
  ],
  DATASET_COLUMN_MISSING: [
    { code: "DATASET_COLUMN_MISSING", path: "d/cases.csv", column: "case", columns: ["id", "fold"] },
    "d/cases.csv has no column case; it has id, fold",
  ],
  DATASET_COLUMN_UNKNOWN: [
    {
      code: "DATASET_COLUMN_UNKNOWN",
      path: "d/cases.csv",
      column: "diagnoses",
      nearest: "diagnosis",
      known: ["case", "diagnosis"],
    },
    "d/cases.csv has a column diagnoses that nothing reads (did you mean diagnosis?); known columns are case, diagnosis",
  ],
  DATASET_CELL: [
    { code: "DATASET_CELL", ...csv, case: "a", column: "split", expected: "train, test or empty", got: "val" },
    "d/cases.csv row 3 (case a): split must be train, test or empty, got val",
  ],
  DATASET_CASE_TWICE: [
    { code: "DATASET_CASE_TWICE", ...csv, case: "a", firstRow: 2 },
    "d/cases.csv row 3: case a stands already in row 2",
  ],
  DATASET_CASE_IN_BOTH: [
    { code: "DATASET_CASE_IN_BOTH", case: "a", paths: ["imagesTr/a", "imagesTs/a"] },
    "case a has two files where one is expected: imagesTr/a and imagesTs/a",
  ],
  DATASET_NO_CASES: [
    { code: "DATASET_NO_CASES", path: "d/imagesTr", ending: ".nii.gz" },
    "no image in d/imagesTr; expected files named CASE_0000.nii.gz",
  ],
  DATASET_IMAGE_MISSING: [
    { code: "DATASET_IMAGE_MISSING", ...csv, case: "a", file: "a_0000.nii.gz" },
    "d/cases.csv row 3: case a has no image a_0000.nii.gz in imagesTr or imagesTs",
  ],
  DATASET_IMAGE_UNLISTED: [
    { code: "DATASET_IMAGE_UNLISTED", case: "b", path: "d/cases.csv", file: "d/imagesTr/b_0000.nii" },
    "d/imagesTr/b_0000.nii has no row in d/cases.csv, so case b is left out",
  ],
  DATASET_MASK_WITHOUT_IMAGE: [
    { code: "DATASET_MASK_WITHOUT_IMAGE", case: "b", path: "d/labelsTr/b.nii" },
    "d/labelsTr/b.nii is a mask of case b, which has no image",
  ],
  DATASET_CASE_WITHOUT_TRUTH: [
    { code: "DATASET_CASE_WITHOUT_TRUTH", case: "b" },
    "case b has neither a mask nor a diagnosis, so nothing can be learned or measured from it",
  ],
  DATASET_DIAGNOSIS_UNKNOWN: [
    {
      code: "DATASET_DIAGNOSIS_UNKNOWN",
      ...csv,
      case: "a",
      diagnosis: "COVID",
      nearest: "covid-19",
      known: ["covid-19", "cap"],
    },
    "d/cases.csv row 3 (case a): diagnosis COVID is not among covid-19, cap (did you mean covid-19?)",
  ],
  DATASET_PATIENT_IN_TWO_SPLITS: [
    { code: "DATASET_PATIENT_IN_TWO_SPLITS", patient: "p1", cases: ["a", "b"] },
    "patient p1 is in train and in test (cases a, b)",
  ],
  DATASET_PATIENT_IN_TWO_FOLDS: [
    { code: "DATASET_PATIENT_IN_TWO_FOLDS", patient: "p1", cases: ["a", "b"], folds: [0, 2] },
    "patient p1 is in folds 0 and 2 (cases a, b); all cases of a patient belong in one fold",
  ],
  DATASET_FOLDS_MIXED: [
    { code: "DATASET_FOLDS_MIXED", withFold: "a", withoutFold: "b" },
    "case a has a fold and case b has none; give every training case a fold, or none",
  ],
  DATASET_FOLD_UNKNOWN: [
    { code: "DATASET_FOLD_UNKNOWN", fold: 4, known: [0, 1, 2, 3] },
    "there is no fold 4; the folds are 0, 1, 2, 3",
  ],
  DATASET_FOLDS_COUNT: [
    { code: "DATASET_FOLDS_COUNT", folds: 4, patients: 1 },
    "cannot make 4 folds of 1 patient; expected a whole number from 2 to the number of patients",
  ],
  DATASET_SHARE: [
    { code: "DATASET_SHARE", share: 0.9, patients: 2 },
    "cannot hold back a share of 0.9 of 2 patients for validation; expected 0 to below 1, with at least one patient left to train on",
  ],
  DATASET_LABEL_UNKNOWN: [
    { code: "DATASET_LABEL_UNKNOWN", label: "ground-glass", known: ["lesion"] },
    "the dataset has no label ground-glass; dataset.json names lesion",
  ],
  DATASET_LABEL_TWICE: [
    { code: "DATASET_LABEL_TWICE", label: "ground-glass", other: "lesion", value: 1 },
    "the labels lesion and ground-glass both claim the mask value 1; ask for one of them",
  ],
  DATASET_LABEL_UNTYPED: [
    { code: "DATASET_LABEL_UNTYPED", label: "lesion", types: ["ground-glass", "consolidation"] },
    "the label lesion does not say of which type its voxels are, and a network of ground-glass, consolidation takes them for background; outline lesion, or take it out of dataset.json and the masks",
  ],
  DATASET_SCAN_UNREADABLE: [
    { code: "DATASET_SCAN_UNREADABLE", case: "a", because: "a_0000.nii is empty" },
    "case a: a_0000.nii is empty",
  ],
  DATASET_GRID_DIFFERS: [
    { code: "DATASET_GRID_DIFFERS", case: "a", because: "a.nii and a_0000.nii are not on the same grid" },
    "case a: a.nii and a_0000.nii are not on the same grid",
  ],
  DATASET_MASK_EMPTY: [
    { code: "DATASET_MASK_EMPTY", case: "a", path: "labelsTr/a.nii", diagnosis: "cap" },
    "case a: labelsTr/a.nii is empty although the diagnosis is cap",
  ],
  DATASET_MASK_OF_NORMAL: [
    { code: "DATASET_MASK_OF_NORMAL", case: "a", path: "labelsTr/a.nii", voxels: 12 },
    "case a: labelsTr/a.nii has 12 lesion voxels although the diagnosis is normal",
  ],
  DATASET_LUNG_EMPTY: [
    { code: "DATASET_LUNG_EMPTY", case: "a", path: "lungsTr/a.nii" },
    "case a: the lung mask lungsTr/a.nii is empty",
  ],
  DATASET_SPACING_ODD: [
    { code: "DATASET_SPACING_ODD", case: "a", path: "imagesTr/a_0000.nii", spacing: "1 × 1 × 40 mm" },
    "case a: imagesTr/a_0000.nii has a spacing of 1 × 1 × 40 mm; a chest CT has 0.3 to 3 mm in the slice and 0.3 to 15 mm between slices",
  ],
  DATASET_SCAN_WARNING: [
    { code: "DATASET_SCAN_WARNING", case: "a", path: "imagesTr/a_0000.nii", warning: "3 voxels are not numbers" },
    "case a: imagesTr/a_0000.nii: 3 voxels are not numbers",
  ],
  DATASET_PATIENTS_UNKNOWN: [
    { code: "DATASET_PATIENTS_UNKNOWN", cases: 50 },
    "which of the 50 cases are of one patient is not known: each counts as a patient of its own, so what is held back may not be independent of what is trained on",
  ],
  DATASET_PICTURE: [
    { code: "DATASET_PICTURE", path: "GT/1.png", place: { x: 3, y: 0 }, expected: "0 to 2", got: "7" },
    "GT/1.png at column 3, row 0 (from 0): expected 0 to 2, got 7",
  ],
  DATASET_SLICES_UNLABELLED: [
    { code: "DATASET_SLICES_UNLABELLED", case: "a", slices: 7 },
    "case a: 7 slices are marked no-infection by their source; their lesion masks are empty, and their lung masks too",
  ],
  DATASET_KIND_UNKNOWN: [
    { code: "DATASET_KIND_UNKNOWN", kind: "nnunett", known: ["covid-ct-seg-aligned", "nnunet"], nearest: "nnunet" },
    "there is no dataset kind nnunett (did you mean nnunet?); known kinds are covid-ct-seg-aligned, nnunet",
  ],
  DATASET_OUT_EXISTS: [
    { code: "DATASET_OUT_EXISTS", path: "out" },
    "out exists already and is not an empty folder; name a new folder for the dataset",
  ],
  DATASET_SOURCE_LAYOUT: [
    { code: "DATASET_SOURCE_LAYOUT", kind: "nnunet", path: "src", expected: "a folder imagesTr" },
    "src does not look like nnunet: expected a folder imagesTr",
  ],
};

test.each(Object.values(words))("$code in words", (problem, expected) => {
  const error = new DatasetError(problem);
  expect(error.message).toBe(expected);
  expect(error.code).toBe(problem.code);
});

test("an empty cell is said to hold nothing, and without a near name nothing is suggested", () => {
  expect(
    explainDatasetProblem({ code: "DATASET_CELL", ...csv, case: "a", column: "patient", expected: "a name", got: "" }),
  ).toBe("d/cases.csv row 3 (case a): patient must be a name, got nothing");
  expect(explainDatasetProblem({ code: "DATASET_KIND_UNKNOWN", kind: "zzz", known: ["nnunet"] })).toBe(
    "there is no dataset kind zzz; known kinds are nnunet",
  );
  expect(explainDatasetProblem({ code: "DATASET_LABEL_UNKNOWN", label: "lesion", known: [] })).toBe(
    "the dataset has no label lesion; dataset.json names none",
  );
});
