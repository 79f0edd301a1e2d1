import { withoutGradients } from "./autograd.js";
import { call } from "./call.js";
import {
  foreachAddcdivInPlace,
  foreachAddcmulInPlace,
  foreachAddInPlace,
  foreachAddScalarInPlace,
  foreachDivScalarInPlace,
  foreachMulScalarInPlace,
  foreachSqrt,
  Tensor,
} from "./generated/tensor.js";
import { aboutEngine } from "./machine.js";
import { scope } from "./scope.js";

/** Lists of as many tensors each: what is moved, where to, and its moments. */
export interface AdamTensors {
  readonly weights: readonly Tensor[];
  readonly gradients: readonly Tensor[];
  readonly means: readonly Tensor[];
  readonly squares: readonly Tensor[];
}

export interface AdamNumbers {
  readonly betas: readonly [mean: number, square: number];
  readonly rate: number; // learning rate over 1 − β₁ᵗ
  readonly root: number; // √(1 − β₂ᵗ)
  readonly epsilon: number;
  readonly kept: number; // 1 − learning rate · weight decay
}

/**
 * One step of Adam in place: m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², w ← kept · w − rate · m / (√v / root + ε). In one pass over the weights where the engine
 * has its kernel.
 *
 * @throws EngineError ENGINE_OP_FAILED where shapes differ
 */
export function adamInPlace(tensors: AdamTensors, numbers: AdamNumbers): void {
  const plain = tensors.weights.every(({ dtype, device }) => dtype === "float32" && device === "cpu");
  withoutGradients(() => {
    if (plain && aboutEngine().block > 0) inOnePass(tensors, numbers);
    else adamByOperators(tensors, numbers);
  });
}

function inOnePass({ weights, gradients, means, squares }: AdamTensors, numbers: AdamNumbers): void {
  const { betas, rate, root, epsilon, kept } = numbers;
  call(Tensor, "multirnet::adam_", [weights, gradients, means, squares, ...betas, rate, root, epsilon, kept]);
}

/** The same by libtorch's operators, in about fourteen passes. */
export function adamByOperators({ weights, gradients, means, squares }: AdamTensors, numbers: AdamNumbers): void {
  const { betas, rate, root, epsilon, kept } = numbers;
  const [meanShare, squareShare] = betas;
  scope(() => {
    if (kept !== 1) foreachMulScalarInPlace(weights, kept);
    foreachMulScalarInPlace(means, meanShare);
    foreachAddInPlace(means, gradients, { alpha: 1 - meanShare });
    foreachMulScalarInPlace(squares, squareShare);
    foreachAddcmulInPlace(squares, gradients, gradients, { value: 1 - squareShare });
    const roots = foreachSqrt(squares);
    foreachDivScalarInPlace(roots, root);
    foreachAddScalarInPlace(roots, epsilon);
    foreachAddcdivInPlace(weights, means, roots, { value: -rate });
  });
}
