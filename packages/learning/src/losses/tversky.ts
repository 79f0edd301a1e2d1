import type { Logits, Mask, Tensor } from "@multirnet/engine";

import { overlapSums, type OverlapOptions } from "./overlap.js";

export interface TverskyOptions extends OverlapOptions {
  readonly alpha: number; // weight of false negatives
  readonly beta: number; // weight of false positives
}

/**
 * Tversky loss, mean of 1 − TI with
 *
 *     TI = (Σpg + ε) / (Σpg + α Σ(1−p)g + β Σp(1−g) + ε)
 *
 * α = β = ½ is Dice. Salehi et al., MLMI 2017, whose α and β are the other way round; here as in MultiR-Net, α for what is missed.
 *
 * @param logits N×C×D×H×W @param target N×C×D×H×W @returns scalar in [0, 1]
 */
export function tversky(logits: Logits, target: Mask, options: TverskyOptions): Tensor {
  return missedShare(logits, target, options).mean(undefined);
}

/**
 * Focal Tversky loss, mean of (1 − TI)^exponent. Abraham and Khan, ISBI 2019, raise to 1/γ; MultiR-Net's γ = 0.9 is taken as the exponent itself.
 *
 * @returns scalar in [0, 1]
 */
export function focalTversky(
  logits: Logits,
  target: Mask,
  options: TverskyOptions & { readonly exponent: number },
): Tensor {
  // A perfect answer has 1 − TI = 0, where a power below 1 has an infinite slope.
  return missedShare(logits, target, options).clamp({ min: 1e-7 }).pow(options.exponent).mean(undefined);
}

function missedShare(logits: Logits, target: Mask, { over, smooth, alpha, beta }: TverskyOptions): Tensor {
  const { hit, predicted, truth } = overlapSums(logits, target, over);
  const missed = truth.sub(hit).mul(alpha);
  const invented = predicted.sub(hit).mul(beta);
  return hit.add(smooth).div(hit.add(missed).add(invented).add(smooth)).neg().add(1);
}
