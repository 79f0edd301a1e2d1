export { writeBundle, type Bundle } from "./bundle.js";
export { cardReadme } from "./card-readme.js";
export { checkAgainst, faultWords, type Checked, type Fault } from "./checked.js";
export { readState, writeCheckpoint, type Checkpoint } from "./checkpoint.js";
export { digestOf, hashFile } from "./digest.js";
export { ArtifactError, type ArtifactProblem } from "./errors.js";
export { foldsFolder, foldsIn, type FoldsFolder } from "./folds-folder.js";
export { writeJson, writeYaml } from "./json-file.js";
export { readForeignWeights } from "./foreign/foreign-weights.js";
export type { RawTensor } from "./foreign/raw-tensor.js";
export {
  ESTIMATES,
  FLIPS,
  modelCardSchema,
  parseModelCard,
  readModelCard,
  writeModelCard,
  type Estimate,
  type Flip,
  type ModelCard,
} from "./model-card.js";
export { openModel, type Model, type OpenOptions } from "./open-model.js";
export { holdRun } from "./hold-run.js";
export { createRun, isRun, openRun, reopenRun, runFolder, type RunFolder } from "./run-folder.js";
export { readRunLog, RunLog, type LoggedEpoch, type LoggedStep, type RunLogContent } from "./run-log.js";
export { EventFile, type EventPicture } from "./tensorboard/event-file.js";
