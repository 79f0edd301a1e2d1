/** From prepared cases to the regions of a training step. */
export {
  augment,
  AUGMENTATION_RANGE,
  drawAugmentation,
  type AugmentationDraw,
  type AugmentationSettings,
} from "./augmentation.js";
export { balancedVisits, groupsOf, type Balance, type Visit } from "./balance.js";
export { drawSample, type Sample, type SampledScan, type SampleSettings } from "./sample.js";
export { batches, epochOrder, type EpochKey } from "./order.js";
export { cutPosed, type Pose } from "./pose.js";
export { sliceOfMostLesion } from "./slice-of-most-lesion.js";
export { cutRegion, drawRegion, type Region, type RegionPlace, type RegionSettings } from "./region.js";
