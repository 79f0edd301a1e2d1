/** Dataset folders: opening, checking, importing, splitting and preparing them. */
export { DIAGNOSES, type CaseEntry, type Estimable, type MaskState, type Split } from "./case-entry.js";
export { labelValues, openDataset, type Dataset } from "./dataset.js";
export { DatasetError, explainDatasetProblem, type DatasetProblem } from "./dataset-error.js";
export { assignFolds, innerSplit, splitCases, type FoldCase, type FoldOptions, type SplitCases } from "./folds.js";
export { FULL_SCALE, type LesionComponent, type PreparedCase, type PreparedScan } from "./prepared-case.js";
export type { Severity } from "./severity.js";
