import type { RandomSource } from "@multirnet/base";
import { gradients, scope, tensor, type Tensor } from "@multirnet/engine";

/** Half the distance of the two points of a difference; it loses some 1e-10 to rounding and as much to curvature. */
const STEP = 1e-5;

/**
 * Compares the gradient of a scalar function with the central difference `(f(x + h) − f(x − h)) / 2h`, in float64 and element by element.
 *
 * @param f of a float64 tensor of `shape`, at standard normal numbers
 * @returns the largest difference, relative to the larger of the quotient and 1
 */
export function worstGradient(f: (x: Tensor) => Tensor, shape: readonly number[], random: RandomSource): number {
  const values = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal());
  const at = (x: readonly number[]): number => scope(() => f(tensor(x, shape, "float64")).item());
  const found = scope(() => {
    const x = tensor(values, shape, "float64").setRequiresGrad(true);
    return gradients(f(x), [x])[0]?.toNumbers();
  });
  if (found?.some((value) => value !== 0) !== true) throw new Error("there is no gradient to compare");
  return values.reduce((worst, value, index) => {
    const quotient = (at(values.with(index, value + STEP)) - at(values.with(index, value - STEP))) / (2 * STEP);
    return Math.max(worst, Math.abs((found[index] ?? NaN) - quotient) / Math.max(1, Math.abs(quotient)));
  }, 0);
}
