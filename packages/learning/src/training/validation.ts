import { maskPair, volumetricDice } from "@multirnet/evaluation";
import { findInWorkingImage, lesionsIn, likeliest } from "@multirnet/inference";
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
 * Judges weights on whole cases as inference finds lesions in them, but at the working spacing and all types as one. What chooses weights is
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
  for (const { grid, body, image, mask, entry } of cases) {
    const voxels = Float32Array.from(image, (value) => value / FULL_SCALE);
    const settings = { preprocessing, inference, classes };
    const { types, disease } = await findInWorkingImage(network, { grid, voxels, body }, settings, { signal });
    if (mask !== undefined && types.length > 0) {
      const truth = { meaning: "label", grid, voxels: mask } as const;
      const dice = volumetricDice(maskPair(truth, lesionsIn(types, grid, inference)));
      if (dice.kind === "value") dices.push(dice.value);
    }
    if (disease !== undefined && entry.diagnosis !== undefined && classes.includes(entry.diagnosis)) {
      right.push(likeliest(disease)?.name === entry.diagnosis);
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
