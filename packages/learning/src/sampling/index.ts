/** From prepared cases to the regions of a training step. */
export {
  augment,
  AUGMENTATION_RANGE,
  drawAugmentation,
  type AugmentationDraw,
  type AugmentationSettings,
} from "./augmentation.js";
export { batches, drawSample, epochOrder, type EpochKey, type Sample, type SampleSettings } from "./epoch.js";
export { cutPosed, type Pose } from "./pose.js";
export { cutRegion, drawRegion, type Region, type RegionPlace, type RegionSettings } from "./region.js";
