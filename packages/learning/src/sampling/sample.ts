import { RandomSource } from "@multirnet/base";

import type { PreparedScan } from "../dataset/prepared-case.js";
import { augment, drawAugmentation, type AugmentationDraw, type AugmentationSettings } from "./augmentation.js";
import type { EpochKey } from "./order.js";
import { cutPosed } from "./pose.js";
import { drawRegion, type Region, type RegionPlace, type RegionSettings } from "./region.js";

export interface SampleSettings extends RegionSettings {
  readonly augmentation: AugmentationSettings;
}

/** A region as a training step sees it, with all that was drawn for it. */
export interface Sample extends Region {
  readonly place: RegionPlace;
  readonly augmentation: AugmentationDraw;
}

/** A scan, and the name by which its draws are keyed. */
export interface SampledScan extends PreparedScan {
  readonly entry: { readonly name: string };
}

/**
 * The region of one case in one epoch. Every draw is keyed by (seed, purpose, epoch, case), so it is the same on any worker, in
 * any order, and after a resume.
 *
 * @param key `repeat`: how often the epoch has looked at the case before
 */
export function drawSample(
  scan: SampledScan,
  settings: SampleSettings,
  { seed, epoch, repeat = 0 }: EpochKey & { readonly repeat?: number },
): Sample {
  const { name } = scan.entry;
  const again = repeat === 0 ? [] : [repeat];
  const place = drawRegion(scan, settings, new RandomSource(seed, "region", epoch, name, ...again));
  const random = new RandomSource(seed, "augmentation", epoch, name, ...again);
  const augmentation = drawAugmentation(settings.augmentation, random);
  const region = cutPosed(scan, place.centre, settings.region, augmentation.pose ?? {});
  return { ...augment(region, augmentation), place, augmentation };
}
