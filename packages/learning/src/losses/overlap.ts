import { probabilitiesOf, type Logits, type Mask, type Tensor } from "@multirnet/engine";

/** Over what a sum runs: the whole batch, so that a region without lesion still adds its false positives, or each sample. */
export type Over = "batch" | "sample";

/** What the losses of overlap share. */
export interface OverlapOptions {
  readonly over: Over;
  readonly smooth: number; // ε, keeps empty targets finite
}

/** Added to both sides of a fraction, so that an empty target and an empty prediction agree. */
export const SMOOTH = 1e-5;

/** The three sums that every loss of overlap is made of; each of shape C, or N×C where they run over each sample. */
export interface OverlapSums {
  readonly hit: Tensor; // Σ p g
  readonly predicted: Tensor; // Σ p, or Σ p²
  readonly truth: Tensor; // Σ g, which is Σ g² too
}

/** @param logits N×C×D×H×W @param target N×C×D×H×W @param power of the predicted probabilities in their own sum */
export function overlapSums(logits: Logits, target: Mask, over: Over, power: 1 | 2 = 1): OverlapSums {
  const p = probabilitiesOf(logits);
  const axes = over === "batch" ? [0, 2, 3, 4] : [2, 3, 4];
  return { hit: p.mul(target).sum(axes), predicted: (power === 1 ? p : p.mul(p)).sum(axes), truth: target.sum(axes) };
}
