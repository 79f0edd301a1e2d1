export { InferenceError, type InferenceProblem } from "./errors.js";
export { findingOf, type Finding } from "./finding.js";
export { lesionsOf, type Lesion } from "./findings.js";
export { loadModel, passesOf, type LoadedModel } from "./model.js";
export { slideOver, type ScanPrediction, type SlidingOptions, type GreyImage } from "./sliding-window.js";
export {
  findInScan,
  findInWorkingImage,
  lesionsIn,
  likeliest,
  type ClassProbability,
  type FindOptions,
  type ScanFinding,
  type ScanSettings,
  type WorkingFinding,
  type WorkingSettings,
} from "./whole-scan.js";
export {
  toWorkingGrid,
  workingImage,
  workingSpacing,
  type WorkingImage,
  type WorkingSpacing,
} from "./working-image.js";
export { windowsOver, windowWeights, type WindowSettings } from "./windows.js";
