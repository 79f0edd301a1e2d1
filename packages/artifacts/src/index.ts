export { writeBundle, type Bundle } from "./bundle.js";
export { cardReadme } from "./card-readme.js";
export { checkAgainst, faultWords, type Checked, type Fault } from "./checked.js";
export { readState, writeCheckpoint, type Checkpoint } from "./checkpoint.js";
export { digestOf, hashFile } from "./digest.js";
export { ArtifactError, type ArtifactProblem } from "./errors.js";
export { writeJson, writeYaml } from "./json-file.js";
export { readForeignWeights } from "./foreign/foreign-weights.js";
export type { RawTensor } from "./foreign/raw-tensor.js";
export {
  ESTIMATES,
  modelCardSchema,
  parseModelCard,
  readModelCard,
  writeModelCard,
  type Estimate,
  type ModelCard,
} from "./model-card.js";
export { openModel, type Model, type OpenOptions } from "./open-model.js";
export { createRun, reopenRun, runFolder, type RunFolder } from "./run-folder.js";
export { RunLog } from "./run-log.js";
