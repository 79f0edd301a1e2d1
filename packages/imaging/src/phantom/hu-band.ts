import type { Volume } from "../volume.js";

/** A scan with its truth, on one grid. */
export interface BandCase {
  readonly scan: Volume<"hounsfield">;
  readonly lesions: Volume<"label">; // any label above 0 is lesion
  readonly lungs: Volume<"label">; // any label above 0 is lung
}

/** The band of HU that outlines the lesions of a whole set best. */
export interface HuBand {
  readonly lowHu: number; // the band's first HU
  readonly highHu: number; // its last
  readonly meanDice: number; // V-DSC, mean over the cases that have a lesion
  readonly dice: readonly number[]; // of those cases, in the order given
}

const FIRST_HU = -1024;
const LAST_HU = 600;

/**
 * The baseline that any network must beat: every lung voxel with low ≤ HU ≤ high is called lesion, with the one band, of all
 * bands in steps of `stepHu`, that gives the highest mean V-DSC over the set: `2·|L ∩ B| / (|L| + |B|)` a case, with B the
 * voxels of the lung in the band and L the lesion. Chosen on the very cases it is judged on, so an upper bound for any fixed band
 * or threshold. HU beyond −1024 and 600 count as these.
 *
 * @returns undefined if no case has a lesion
 */
export function bestHuBand(
  cases: Iterable<BandCase>,
  { stepHu = 10 }: { readonly stepHu?: number } = {},
): HuBand | undefined {
  const bins = Math.ceil((LAST_HU - FIRST_HU + 1) / stepHu);
  const histograms = [...cases]
    .map((one) => cumulative(one, bins, stepHu))
    .filter(({ lesionVoxels }) => lesionVoxels > 0);
  if (histograms.length === 0) return undefined;
  let best = { low: 0, high: 0, sum: -1 };
  for (let low = 0; low < bins; low++) {
    for (let high = low + 1; high <= bins; high++) {
      let sum = 0;
      for (const histogram of histograms) sum += diceOf(histogram, low, high);
      if (sum > best.sum) best = { low, high, sum };
    }
  }
  const dice = histograms.map((histogram) => diceOf(histogram, best.low, best.high));
  return {
    lowHu: FIRST_HU + best.low * stepHu,
    highHu: FIRST_HU + best.high * stepHu - 1,
    meanDice: best.sum / histograms.length,
    dice,
  };
}

/** Voxels below each bin's start. */
interface Cumulative {
  readonly lesion: Float64Array; // of lesion, inside the lung
  readonly lung: Float64Array; // of lung
  readonly lesionVoxels: number; // inside the lung or not
}

function cumulative({ scan, lesions, lungs }: BandCase, bins: number, stepHu: number): Cumulative {
  const lesion = new Float64Array(bins + 1);
  const lung = new Float64Array(bins + 1);
  let lesionVoxels = 0;
  for (let at = 0; at < scan.voxels.length; at++) {
    const isLesion = (lesions.voxels[at] as number) > 0;
    if (isLesion) lesionVoxels++;
    if (lungs.voxels[at] === 0) continue;
    const hu = Math.max(FIRST_HU, Math.min(LAST_HU, scan.voxels[at] as number));
    const bin = Math.floor((hu - FIRST_HU) / stepHu) + 1;
    lung[bin] = (lung[bin] as number) + 1;
    if (isLesion) lesion[bin] = (lesion[bin] as number) + 1;
  }
  for (let bin = 1; bin <= bins; bin++) {
    lesion[bin] = (lesion[bin] as number) + (lesion[bin - 1] as number);
    lung[bin] = (lung[bin] as number) + (lung[bin - 1] as number);
  }
  return { lesion, lung, lesionVoxels };
}

function diceOf({ lesion, lung, lesionVoxels }: Cumulative, low: number, high: number): number {
  const hit = (lesion[high] as number) - (lesion[low] as number);
  const called = (lung[high] as number) - (lung[low] as number);
  return (2 * hit) / (lesionVoxels + called);
}
