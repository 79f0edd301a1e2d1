export { InferenceError, type InferenceProblem } from "./errors.js";
export { findingOf, type Finding, type NotGiven } from "./finding.js";
export { lesionsOf, type Lesion } from "./findings.js";
export { loadModel, type LoadedModel } from "./model.js";
export { slideOver, type ScanPrediction, type SlidingOptions, type WorkingImage } from "./sliding-window.js";
export { findInScan, outline, workingScan, type ScanFinding, type ScanSettings } from "./whole-scan.js";
export { windowsOver, windowWeights, type WindowSettings } from "./windows.js";
