import { volumetricDice } from "@multirnet/evaluation";
import { outline, slideOver } from "@multirnet/inference";
import { wholeBox } from "@multirnet/imaging";
import type { Network } from "@multirnet/networks";

import type { TrainConfig } from "../config/train-config.js";
import { FULL_SCALE, type PreparedCase } from "../dataset/index.js";

/** What whole validation cases say of the weights; a part that no case has truth for is missing. */
export interface ValidationScores {
  readonly score: number; // by which weights are chosen: V-DSC, plus accuracy where both exist
  readonly vdsc?: number; // mean over the cases with lesions or predicted ones
  readonly accuracy?: number;
}

/**
 * Judges weights on whole cases at the working spacing, the masks' union against the threshold. What chooses weights is
 * V-DSC + accuracy where both exist (a choice; the paper does not say).
 *
 * @throws InferenceError INFERENCE_ABORTED, INFERENCE_NOT_FINITE
 */
export async function validate(
  network: Network,
  cases: readonly PreparedCase[],
  { preprocessing, inference }: Pick<TrainConfig, "preprocessing" | "inference">,
  classes: readonly string[],
  signal?: AbortSignal,
): Promise<ValidationScores> {
  const dices: number[] = [];
  const right: boolean[] = [];
  for (const { grid, image, mask, entry } of cases) {
    const voxels = Float32Array.from(image, (value) => value / FULL_SCALE);
    const { region } = preprocessing;
    const seen = await slideOver(
      network,
      { size: grid.size, voxels },
      { region, overlap: inference.overlap, box: wholeBox(grid), signal },
    );
    if (mask !== undefined && seen.lesion.length > 0) {
      const types = seen.lesion.map((probabilities) => ({
        meaning: "probability" as const,
        grid,
        voxels: probabilities,
      }));
      const dice = volumetricDice(overlapOf(mask, outline(types, grid, inference.threshold).voxels));
      if (dice.kind === "value") dices.push(dice.value);
    }
    if (seen.disease !== undefined && entry.diagnosis !== undefined && classes.includes(entry.diagnosis)) {
      right.push(classes[indexOfLargest(seen.disease)] === entry.diagnosis);
    }
  }
  const vdsc = dices.length === 0 ? undefined : dices.reduce((a, b) => a + b, 0) / dices.length;
  const accuracy = right.length === 0 ? undefined : right.filter(Boolean).length / right.length;
  return {
    score: (vdsc ?? 0) + (accuracy ?? 0),
    ...(vdsc === undefined ? {} : { vdsc }),
    ...(accuracy === undefined ? {} : { accuracy }),
  };
}

function overlapOf(
  truth: Uint8Array,
  prediction: Uint8Array,
): { truthVoxels: number; predictionVoxels: number; sharedVoxels: number } {
  let [truthVoxels, predictionVoxels, sharedVoxels] = [0, 0, 0];
  for (let i = 0; i < truth.length; i++) {
    const [isTruth, isPrediction] = [truth[i] !== 0, prediction[i] !== 0];
    if (isTruth) truthVoxels++;
    if (isPrediction) predictionVoxels++;
    if (isTruth && isPrediction) sharedVoxels++;
  }
  return { truthVoxels, predictionVoxels, sharedVoxels };
}

function indexOfLargest(values: readonly number[]): number {
  return values.reduce((best, value, index) => (value > (values[best] ?? -Infinity) ? index : best), 0);
}
