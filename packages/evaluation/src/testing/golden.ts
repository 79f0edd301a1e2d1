import { segmentationScores } from "../metrics/segmentation-scores.js";
import type { Score } from "../score.js";
import type { Volume } from "@multirnet/imaging";

/** What scripts/golden/segmentation-metrics.py writes about a pair. */
export interface ExpectedScores {
  readonly vdsc: number;
  readonly tolerances: readonly { readonly toleranceMm: number; readonly sdsc: number; readonly aso: number }[];
  readonly asdMm: number;
  readonly hd95Mm: number;
  readonly asdVoxelMm: number;
  readonly hd95VoxelMm: number;
  readonly sensitivity: number;
  readonly precision: number;
  readonly truthMl: number;
  readonly predictionMl: number;
}

/** How far each of our scores of a pair lies from the expected one. */
export function differences(
  truth: Volume<"label">,
  prediction: Volume<"label">,
  expected: ExpectedScores,
): Record<string, number> {
  const { tolerances: expectedAt, ...single } = expected;
  const scores = segmentationScores(truth, prediction, { tolerancesMm: expectedAt.map((at) => at.toleranceMm) });
  const off = new Map<string, number>();
  for (const [name, value] of Object.entries(single)) {
    off.set(name, difference(scores[name as keyof typeof single], value));
  }
  for (const [i, at] of expectedAt.entries()) {
    const ours = scores.tolerances[i];
    off.set(`sdsc at ${at.toleranceMm} mm`, ours ? difference(ours.sdsc, at.sdsc) : NaN);
    off.set(`aso at ${at.toleranceMm} mm`, ours ? difference(ours.aso, at.aso) : NaN);
  }
  return Object.fromEntries(off);
}

function difference(score: Score, value: number): number {
  return score.kind === "value" ? Math.abs(score.value - value) : NaN;
}

/** The largest difference of each score over many pairs; NaN stays NaN. */
export function largest(all: readonly Record<string, number>[]): Record<string, number> {
  const names = Object.keys(all[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, Math.max(...all.map((one) => one[name] ?? NaN))]));
}
