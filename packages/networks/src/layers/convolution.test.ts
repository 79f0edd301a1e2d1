import { RandomSource } from "@multirnet/base";
import { tensor, zeros } from "@multirnet/engine";
import { expect, test } from "vitest";

import { noise } from "../testing/formula.js";
import { setWeights } from "../testing/weights.js";
import { Convolution, UpConvolution } from "./convolution.js";
import { Linear } from "./linear.js";

const init = new RandomSource("convolution");

test.each([
  { kernel: 1, stride: 1, expected: [4, 6, 10] },
  { kernel: 3, stride: 1, expected: [4, 6, 10] },
  { kernel: 5, stride: 1, expected: [4, 6, 10] },
  { kernel: 2, stride: 2, expected: [2, 3, 5] },
  { kernel: 3, stride: 2, expected: [2, 3, 5] },
  { kernel: 1, stride: 2, expected: [2, 3, 5] },
])("a kernel of $kernel with stride $stride makes 4×6×10 voxels $expected", ({ kernel, stride, expected }) => {
  const layer = new Convolution({ from: 2, to: 3, kernel, stride, bias: false }, init);
  expect(layer.weight.tensor.shape).toEqual([3, 2, kernel, kernel, kernel]);
  expect(layer.forward(zeros([2, 2, 4, 6, 10])).shape).toEqual([2, 3, ...expected]);
});

test("a convolution of stride 2 sums each block of two voxels a side, and adds its bias", () => {
  const layer = new Convolution({ from: 1, to: 1, kernel: 2, stride: 2, bias: true }, init);
  setWeights(layer, { weight: [1, 2, 4, 8, 16, 32, 64, 128], bias: 0.5 });
  // One voxel of the block is 1: the answer says which, W fastest.
  for (const [place, expected] of [1, 2, 4, 8, 16, 32, 64, 128].entries()) {
    const block = Array.from({ length: 8 }, (_, index) => (index === place ? 1 : 0));
    expect(layer.forward(tensor(block, [1, 1, 2, 2, 2])).item()).toBe(expected + 0.5);
  }
});

test("a transposed convolution writes its kernel, times the voxel, once for each voxel", () => {
  const layer = new UpConvolution({ from: 1, to: 2, stride: 2, bias: true }, init);
  const kernel = Array.from({ length: 16 }, (_, index) => index + 1);
  setWeights(layer, { weight: kernel, bias: [0, 1000] });
  const found = layer.forward(tensor([1, 100], [1, 1, 1, 1, 2])); // 1×2×2×2×4
  expect(found.shape).toEqual([1, 2, 2, 2, 4]);
  const row = ([a, b]: readonly [number, number], bias: number): number[] =>
    [a, b, 100 * a, 100 * b].map((value) => value + bias);
  const rows = (first: number, bias: number): number[] =>
    [0, 2, 4, 6].flatMap((step) => row([first + step, first + step + 1], bias));
  expect(found.toNumbers()).toEqual([...rows(1, 0), ...rows(9, 1000)]);
});

test("a linear layer gives each class its weighted sum and bias", () => {
  const layer = new Linear({ from: 3, to: 2 }, init);
  setWeights(layer, { weight: [1, 10, 100, -1, 0, 1], bias: [0.5, -0.5] });
  const found = layer.forward(tensor([1, 2, 3, 4, 5, 6], [2, 3]));
  expect(found.toNumbers()).toEqual([321.5, 1.5, 654.5, 1.5]);
});

test("weights start normal with variance 2 / fan-in, biases at 0", () => {
  const convolution = new Convolution({ from: 8, to: 64, kernel: 3, bias: true }, init);
  const up = new UpConvolution({ from: 32, to: 64, stride: 2, bias: true }, init);
  const linear = new Linear({ from: 200, to: 100 }, init);
  // A voxel of a transposed convolution sums over the channels alone.
  for (const {
    layer: { weight, bias },
    fanIn,
  } of [
    { layer: convolution, fanIn: 8 * 27 },
    { layer: up, fanIn: 32 },
    { layer: linear, fanIn: 200 },
  ]) {
    const values = weight.tensor.toNumbers();
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(5 * Math.sqrt(2 / fanIn / values.length)); // five standard errors
    expect(Math.abs((variance * fanIn) / 2 - 1)).toBeLessThan(5 * Math.sqrt(2 / values.length));
    expect(new Set(bias?.tensor.toNumbers())).toEqual(new Set([0]));
  }
});

test("a network keeps the size of what goes through it: the answer of a fresh layer to noise is neither lost nor huge", () => {
  const layer = new Convolution({ from: 4, to: 16, kernel: 3, bias: false }, init);
  const x = noise("x", [1, 4, 6, 7, 8]);
  const power = (values: readonly number[]): number => values.reduce((sum, v) => sum + v * v, 0) / values.length;
  const share = power(layer.forward(x).toNumbers()) / power(x.toNumbers());
  expect(share).toBeGreaterThan(0.5);
  expect(share).toBeLessThan(4);
});
