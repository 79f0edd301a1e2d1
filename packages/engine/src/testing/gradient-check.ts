import type { RandomSource } from "@multirnet/base";

import { gradients } from "../autograd.js";
import { tensor } from "../create.js";
import type { Tensor } from "../generated/tensor.js";
import { scope } from "../scope.js";

/** An input of a function under check: its shape, and how its elements are drawn (standard normal where not said). */
export interface CheckedInput {
  readonly shape: readonly number[];
  readonly draw?: (random: RandomSource) => number;
}

export interface GradientCheck {
  readonly inputs: readonly CheckedInput[];
  readonly run: (...inputs: Tensor[]) => Tensor;
  /** Half the distance of the two points of a difference. The default loses some 1e-10 to rounding and as much to curvature. */
  readonly step?: number;
}

/** The element whose two derivatives differ most, relative to the larger of the difference quotient and 1. */
export interface WorstGradient {
  readonly difference: number;
  readonly input: number;
  readonly element: number;
  readonly gradient: number;
  readonly quotient: number;
  readonly elements: number; // how many were compared
}

/**
 * Compares, in float64 and element by element, the gradient of `Σ wᵢ·run(inputs)ᵢ` with the central difference
 * `(f(x + h) − f(x − h)) / 2h`. The weights w are random, so that opposite errors of two elements do not cancel.
 */
export function checkGradients({ inputs, run, step = 1e-5 }: GradientCheck, random: RandomSource): WorstGradient {
  const points = inputs.map(({ shape, draw = (source: RandomSource) => source.normal() }) => ({
    shape,
    values: Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => draw(random)),
  }));
  const place = (): Tensor[] => points.map(({ shape, values }) => tensor(Array.from(values), shape, "float64"));
  const weights = scope(() => Array.from({ length: run(...place()).elements }, () => drawWeight(random)));
  const weightedSum = (at: readonly Tensor[]): Tensor => {
    const output = run(...at).toDtype("float64");
    return output.mul(tensor(weights, output.shape, "float64")).sum(undefined);
  };
  const valueHere = (): number => scope(() => weightedSum(place()).item());

  const found = scope(() => {
    const leaves = place().map((leaf) => leaf.setRequiresGrad(true));
    return gradients(weightedSum(leaves), leaves).map((gradient, input) => {
      if (gradient === undefined) throw new Error(`input ${String(input)} has no gradient`);
      return gradient.toNumbers();
    });
  });
  let worst = { difference: -1, input: -1, element: -1, gradient: NaN, quotient: NaN };
  let elements = 0;
  for (const [input, { values }] of points.entries()) {
    for (const [element, middle] of values.entries()) {
      values[element] = middle + step;
      const above = valueHere();
      values[element] = middle - step;
      const below = valueHere();
      values[element] = middle;
      const quotient = (above - below) / (2 * step);
      const gradient = found[input]?.[element] ?? NaN;
      const difference = Math.abs(gradient - quotient) / Math.max(1, Math.abs(quotient));
      elements++;
      if (!(difference <= worst.difference)) worst = { difference, input, element, gradient, quotient };
    }
  }
  return { ...worst, elements };
}

/** Of eleven bits, so that a backward pass through a narrower type does not round it. */
function drawWeight(random: RandomSource): number {
  return (Math.round(random.between(0.5, 1.5) * 1024) / 1024) * (random.chance(0.5) ? 1 : -1);
}

/** Draws away from 0, where |x| and its like have a kink. */
export function awayFromZero(random: RandomSource): number {
  return random.between(0.2, 2) * (random.chance(0.5) ? 1 : -1);
}

/** Draws where a logarithm or a root is smooth. */
export function positive(random: RandomSource): number {
  return random.between(0.3, 2);
}

/** Draws numbers of which no two lie nearer than 0.05, for what picks the largest. */
export function distinct(): (random: RandomSource) => number {
  const drawn = new Set<number>();
  return (random) => {
    for (;;) {
      const twentieths = random.integer(400) - 200;
      if (drawn.has(twentieths)) continue;
      drawn.add(twentieths);
      return twentieths / 20;
    }
  };
}
