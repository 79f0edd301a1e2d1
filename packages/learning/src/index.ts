export { trainConfigJsonSchema } from "./config/config-schema.js";
export { originsOf } from "./config/explain-config.js";
export { originText, type Origin } from "./config/layers.js";
export {
  parseTrainConfig,
  readMergedConfig,
  readTrainConfig,
  resolveTrainConfig,
  type TrainConfig,
} from "./config/train-config.js";
export * from "./dataset/index.js";
export { LearningError, type LearningProblem } from "./errors.js";
export { exportRun, type ExportOptions } from "./exporting/export-run.js";
export * from "./losses/index.js";
export { MEASURED_REGIONS, type MeasuredRegion } from "./measuring/look.js";
export { measureCases, type Measured, type MeasuredCase, type MeasureOptions } from "./measuring/measure-cases.js";
export {
  MEASURED_SPLITS,
  measureRun,
  type MeasuredFolds,
  type MeasuredRun,
  type MeasuredSplit,
  type MeasureRunOptions,
} from "./measuring/measure-run.js";
export { Adam, type AdamSettings } from "./optimisers/adam.js";
export { writeDatasetReport } from "./reporting/write-dataset-report.js";
export { showDraw, type ShownDraw } from "./sampling/show-draw.js";
export { writeRunReport } from "./reporting/write-run-report.js";
export { compareRuns, type ComparedRuns, type ComparedScore } from "./comparing/compare-runs.js";
export { exportToMlflow, type ExportedRuns } from "./comparing/export-mlflow.js";
export { listRuns, type DamagedRun, type ListedRun } from "./comparing/list-runs.js";
export { RECIPES, type Recipe } from "./recipes/index.js";
export * from "./sampling/index.js";
export { casesOf, type TrainingCases } from "./training/cases.js";
export { readRunFacts, type RunFacts } from "./training/run-facts.js";
export type { TrainingEvent, TrainingOptions, TrainingOutcome } from "./training/events.js";
export { foldsOf, resumeFolds, trainFolds, type FoldsOptions, type FoldsOutcome } from "./training/train-folds.js";
export { resumeTraining, train } from "./training/train.js";
