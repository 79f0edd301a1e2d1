import type { Logits, Mask, Tensor } from "@multirnet/engine";

import { overlapSums, type OverlapOptions } from "./overlap.js";

/**
 * Soft Dice loss, `1 − (2·Σpg + ε) / (Σp + Σg + ε)` with p = σ(logits), mean over channels (and samples). Without squares, as MultiR-Net's
 * equation 4; Milletari et al., V-Net, 3DV 2016, section 3, square both sums.
 *
 * @param logits N×C×D×H×W @param target N×C×D×H×W @returns scalar in [0, 1]
 */
export function softDice(logits: Logits, target: Mask, { over, smooth }: OverlapOptions): Tensor {
  const { hit, predicted, truth } = overlapSums(logits, target, over);
  return hit.mul(2).add(smooth).div(predicted.add(truth).add(smooth)).neg().add(1).mean(undefined);
}
