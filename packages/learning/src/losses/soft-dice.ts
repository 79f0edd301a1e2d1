import type { Logits, Mask, Tensor } from "@multirnet/engine";

import { overlapSums, type OverlapOptions } from "./overlap.js";

export interface DiceOptions extends OverlapOptions {
  readonly squared?: boolean;
}

/**
 * Soft Dice loss, `1 − (2·Σpg + ε) / (Σp + Σg + ε)` with p = σ(logits), mean over channels (and samples). Without squares, as MultiR-Net's
 * equation 4; `squared` has Σp² and Σg² below, as Milletari et al., V-Net, 3DV 2016, section 3.
 *
 * @param logits N×C×D×H×W @param target N×C×D×H×W @returns scalar in [0, 1]
 */
export function softDice(logits: Logits, target: Mask, { over, smooth, squared = false }: DiceOptions): Tensor {
  const { hit, predicted, truth } = overlapSums(logits, target, over, squared ? 2 : 1);
  return hit.mul(2).add(smooth).div(predicted.add(truth).add(smooth)).neg().add(1).mean(undefined);
}
