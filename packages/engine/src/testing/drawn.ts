import { RandomSource } from "@multirnet/base";

import { tensorFrom } from "../create.js";
import type { Tensor } from "../generated/tensor.js";

/** Numbers in [-1, 1), the same for the same name and shape. */
export function drawn(name: string, shape: readonly number[]): Tensor {
  const random = new RandomSource(name);
  const numbers = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 2 * random.uniform() - 1);
  return tensorFrom(numbers, shape);
}

/** The largest difference between the elements of two tensors. @throws Error where their shapes differ */
export function furthest(found: Tensor, expected: Tensor): number {
  if (found.shape.join() !== expected.shape.join())
    throw new Error(`expected ${expected.shape.join("×")}, but ${found.shape.join("×")} came`);
  return found.sub(expected).abs().amax().item();
}
