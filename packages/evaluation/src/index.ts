export { EvaluationError, type EvaluationProblem } from "./errors.js";
export { toJson, type Reason, type Score, type ScoreJson } from "./score.js";
export { labelMask } from "./masks/label-mask.js";
export { maskPair, type MaskPair } from "./masks/mask-pair.js";
export {
  averageSurfaceDistanceMm,
  averageSurfaceOverlap,
  hausdorff95Mm,
  surfaceDice,
  surfaces,
  type Surface,
  type SurfacePair,
} from "./metrics/surface-distance.js";
export {
  averageVoxelSurfaceDistanceMm,
  hausdorff95VoxelMm,
  voxelSurfaces,
  type VoxelSurfacePair,
} from "./metrics/voxel-surface-distance.js";
export { lesionScores, type LesionOptions, type LesionScores } from "./metrics/lesions.js";
export { precision, sensitivity, volumeDifferencePercent, volumetricDice, type Overlap } from "./metrics/overlap.js";
export {
  segmentationJson,
  segmentationScores,
  specificityOverCases,
  type ScoreName,
  type SegmentationJson,
  type SegmentationOptions,
  type SegmentationScores,
  type ToleranceScores,
} from "./metrics/segmentation-scores.js";
export { bootstrapMean } from "./statistics/bootstrap.js";
export { clopperPearson, type Interval } from "./statistics/interval.js";
export { meanScore, meanScoreJson, type MeanScore, type MeanScoreJson } from "./statistics/mean-score.js";
export { confusionMatrix, type ConfusionMatrix, type DiagnosedCase } from "./diagnosis/confusion.js";
export {
  diagnosisScores,
  type ClassScores,
  type DiagnosisScores,
  type MacroScore,
} from "./diagnosis/diagnosis-scores.js";
export { diagnosisJson, type DiagnosisJson } from "./diagnosis/diagnosis-json.js";
