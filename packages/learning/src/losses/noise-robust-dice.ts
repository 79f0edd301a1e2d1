import { probabilitiesOf, type Logits, type Mask, type Tensor } from "@multirnet/engine";

import { overlapSums, type OverlapOptions } from "./overlap.js";

/** Between 1, where the errors of single voxels weigh least, and 2, where this is Dice with squares. */
const POWER = 1.5;

/**
 * Noise-robust Dice loss, Σ|p − g|^1.5 / (Σp² + Σg² + ε) with p = σ(logits), mean over channels (and samples): voxels that are far off, as where an outline
 * was drawn wrongly, weigh less than under Dice. Wang et al., IEEE TMI 39(8), 2020 (COPLE-Net), equation 5.
 *
 * @param logits N×C×D×H×W @param target N×C×D×H×W @returns scalar, 0 for a perfect answer
 */
export function noiseRobustDice(logits: Logits, target: Mask, { over, smooth }: OverlapOptions): Tensor {
  const { predicted, truth } = overlapSums(logits, target, over, 2);
  const axes = over === "batch" ? [0, 2, 3, 4] : [2, 3, 4];
  const apart = probabilitiesOf(logits).sub(target).abs().pow(POWER).sum(axes);
  return apart.div(predicted.add(truth).add(smooth)).mean(undefined);
}
