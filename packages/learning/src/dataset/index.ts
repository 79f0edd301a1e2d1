/** Dataset folders: opening, checking, importing, splitting and preparing them. */
export type { CaseEntry, MaskState, Split } from "./case-entry.js";
export { readCase, requireCase, type CaseReading } from "./case-volumes.js";
export { checkDataset, type CheckedProblem, type CheckOptions, type DatasetCheck } from "./check.js";
export { labelValues, lesionChannels, openDataset, type Dataset } from "./dataset.js";
export { DatasetError, explainDatasetProblem, type DatasetProblem } from "./dataset-error.js";
export {
  assignFolds,
  innerSplit,
  setApart,
  splitCases,
  type FoldCase,
  type FoldOptions,
  type SplitCases,
} from "./folds.js";
export { IMPORT_KINDS, importDataset } from "./import.js";
export { channelTable, PREPARATION_VERSION, type CaseVolumes, type PreparationSettings } from "./preparation.js";
export { prepareCase } from "./prepare-case.js";
export { FULL_SCALE, type LesionComponent, type PreparedCase, type PreparedScan } from "./prepared-case.js";
export { summariseDataset, type CaseSummary, type DatasetSummary, type SummaryOptions } from "./summary.js";
export type { Severity } from "./severity.js";
export { writePhantoms, type PhantomSetOptions } from "./write-phantoms.js";
