export { parseTrainConfig, readTrainConfig, trainConfigSchema, type TrainConfig } from "./config/train-config.js";
export * from "./dataset/index.js";
export { LearningError, type LearningProblem } from "./errors.js";
export { exportRun, type ExportOptions } from "./exporting/export-run.js";
export * from "./losses/index.js";
export { measureCases, type Measured, type MeasuredCase, type MeasureOptions } from "./measuring/measure-cases.js";
export {
  MEASURED_SPLITS,
  measureRun,
  type MeasuredRun,
  type MeasuredSplit,
  type MeasureRunOptions,
} from "./measuring/measure-run.js";
export { Adam, type AdamSettings } from "./optimisers/adam.js";
export { RECIPES, type Recipe } from "./recipes/index.js";
export * from "./sampling/index.js";
export { casesOf, type TrainingCases } from "./training/cases.js";
export { readRunFacts, type RunFacts } from "./training/run-facts.js";
export {
  resumeTraining,
  train,
  type TrainingEvent,
  type TrainingOptions,
  type TrainingOutcome,
} from "./training/train.js";
