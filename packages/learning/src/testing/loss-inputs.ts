import { asLogits, asMask, tensor, type Logits, type Mask } from "@multirnet/engine";

/** Logits ln(p / (1 − p)) of probabilities. */
export function logitsOf(probabilities: readonly number[], shape: readonly number[]): Logits {
  return asLogits(
    tensor(
      probabilities.map((p) => Math.log(p / (1 - p))),
      shape,
      "float64",
    ),
  );
}

export function logits(
  values: readonly number[],
  shape: readonly number[],
  dtype: "float32" | "float64" = "float64",
): Logits {
  return asLogits(tensor(values, shape, dtype));
}

export function mask(
  values: readonly number[],
  shape: readonly number[],
  dtype: "float32" | "float64" = "float64",
): Mask {
  return asMask(tensor(values, shape, dtype));
}

/**
 * Two samples of three voxels, so that sums over the batch and over each sample differ: the first with hits Σpg = 5/4, Σp = 3/2 and Σg = 2, the
 * second without lesion and with Σp = 1.
 */
export const SHAPE = [2, 1, 1, 1, 3];
export const P = [0.75, 0.25, 0.5, 0.25, 0.25, 0.5];
export const G = [1, 0, 1, 0, 0, 0];
