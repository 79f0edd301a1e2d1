import { RandomSource } from "@multirnet/base";

import type { PreparedCase } from "../dataset/prepared-case.js";
import { augment, drawAugmentation, type AugmentationDraw, type AugmentationSettings } from "./augmentation.js";
import { cutPosed } from "./pose.js";
import { drawRegion, type Region, type RegionPlace, type RegionSettings } from "./region.js";

export interface EpochKey {
  /** The run's seed. */
  readonly seed: number;
  readonly epoch: number;
}

/** @returns every case once, in the order of this epoch; the order of the list that comes in matters, so keep it fixed */
export function epochOrder<C>(cases: readonly C[], { seed, epoch }: EpochKey): C[] {
  return new RandomSource(seed, "epoch order", epoch).shuffled(cases);
}

/** @returns the cases in groups of `size`; the last may be smaller, so that an epoch visits each case once */
export function batches<C>(cases: readonly C[], size: number): C[][] {
  return Array.from({ length: Math.ceil(cases.length / size) }, (_, i) => cases.slice(i * size, (i + 1) * size));
}

export interface SampleSettings extends RegionSettings {
  readonly augmentation: AugmentationSettings;
}

/** A region as a training step sees it, with all that was drawn for it. */
export interface Sample extends Region {
  readonly place: RegionPlace;
  readonly augmentation: AugmentationDraw;
}

/**
 * The region of one case in one epoch. Every draw is keyed by (seed, purpose, epoch, case), so it is the same on any worker, in
 * any order, and after a resume.
 */
export function drawSample(prepared: PreparedCase, settings: SampleSettings, { seed, epoch }: EpochKey): Sample {
  const { name } = prepared.entry;
  const place = drawRegion(prepared, settings, new RandomSource(seed, "region", epoch, name));
  const augmentation = drawAugmentation(settings.augmentation, new RandomSource(seed, "augmentation", epoch, name));
  const region = cutPosed(prepared, place.centre, settings.region, augmentation.pose ?? {});
  return { ...augment(region, augmentation), place, augmentation };
}
