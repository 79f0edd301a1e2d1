import { tensor } from "../../create.js";
import {
  batchNorm,
  conv2d,
  conv3d,
  convTranspose2d,
  convTranspose3d,
  groupNorm,
  instanceNorm,
  layerNorm,
  linear,
  type Tensor,
} from "../../generated/tensor.js";
import type { ValueCase, ValueCases } from "./value-case.js";

const row = (...numbers: number[]): Tensor => tensor(numbers, [1, 1, 1, 1, numbers.length]);
const numbers = (...values: number[]): Tensor => tensor(values, [values.length]);

// A kernel (a, b) over 1 2 3 4 with a = 10, b = 1: 10·1 + 2, 10·2 + 3, 10·3 + 4. A true convolution would give 21, 32, 43.
const kernel = (): Tensor => row(10, 1);
const line = (): Tensor => row(1, 2, 3, 4);

const root = Math.sqrt;

export const LAYERS: ValueCases = {
  // (1 2; 3 4) times (1; 10) is 21 and 43.
  matmul: [
    {
      says: "a matrix and a column",
      run: () => tensor([1, 2, 3, 4], [2, 2]).matmul(tensor([1, 10], [2, 1])),
      shape: [2, 1],
      values: [21, 43],
    },
    {
      says: "one matrix for each of a batch",
      run: () => tensor([1, 2], [1, 2]).matmul(tensor([1, 10, 100, 1000], [2, 2, 1])),
      shape: [2, 1, 1],
      values: [21, 2100],
    },
  ],
  conv2d: [
    {
      says: "is a cross-correlation, along x",
      run: () => conv2d(tensor([1, 2, 3, 4], [1, 1, 1, 4]), tensor([10, 1], [1, 1, 1, 2])),
      shape: [1, 1, 1, 3],
      values: [12, 23, 34],
    },
    {
      says: "along y, with bias, stride, padding and dilation",
      run: () =>
        conv2d(tensor([1, 2, 3, 4], [1, 1, 4, 1]), tensor([10, 1], [1, 1, 2, 1]), {
          bias: numbers(0.5),
          stride: [3, 1],
          padding: [1, 0],
          dilation: [2, 1],
        }),
      shape: [1, 1, 2, 1],
      values: [2.5, 30.5], // 10·0 + 2, 10·3 + 0
    },
    {
      says: "in two groups",
      run: () => conv2d(tensor([1, 2, 3, 4], [1, 4, 1, 1]), tensor([1, 10, 100, 1000], [2, 2, 1, 1]), { groups: 2 }),
      shape: [1, 2, 1, 1],
      values: [21, 4300],
    },
  ],
  convTranspose2d: [
    {
      says: "with stride and output padding along y",
      run: () =>
        convTranspose2d(tensor([1, 2], [1, 1, 2, 1]), tensor([10, 1], [1, 1, 2, 1]), {
          stride: [3, 1],
          outputPadding: [1, 0],
          bias: numbers(0.5),
        }),
      shape: [1, 1, 6, 1],
      values: [10.5, 1.5, 0.5, 20.5, 2.5, 0.5],
    },
    {
      says: "in two groups",
      run: () => convTranspose2d(tensor([1, 2], [1, 2, 1, 1]), tensor([3, 4, 5, 6], [2, 2, 1, 1]), { groups: 2 }),
      shape: [1, 4, 1, 1],
      values: [3, 4, 10, 12],
    },
  ],
  conv3d: [
    {
      says: "is a cross-correlation",
      run: () => conv3d(line(), kernel()),
      shape: [1, 1, 1, 1, 3],
      values: [12, 23, 34],
    },
    {
      says: "with bias, stride and padding along x",
      run: () => conv3d(line(), kernel(), { bias: numbers(0.5), stride: [1, 1, 2], padding: [0, 0, 1] }),
      shape: [1, 1, 1, 1, 3],
      values: [1.5, 23.5, 40.5], // 10·0 + 1, 10·2 + 3, 10·4 + 0
    },
    {
      says: "with dilation",
      run: () => conv3d(line(), kernel(), { dilation: [1, 1, 2] }),
      shape: [1, 1, 1, 1, 2],
      values: [13, 24],
    },
    {
      says: "in two groups: each output sees its own half of the channels",
      run: () =>
        conv3d(tensor([1, 2, 3, 4], [1, 4, 1, 1, 1]), tensor([1, 10, 100, 1000], [2, 2, 1, 1, 1]), { groups: 2 }),
      shape: [1, 2, 1, 1, 1],
      values: [21, 4300],
    },
    {
      says: "one number for all three axes: a single tap in a ring of zeros",
      run: () => conv3d(tensor([7], [1, 1, 1, 1, 1]), tensor([2], [1, 1, 1, 1, 1]), { padding: 1, stride: 2 }),
      shape: [1, 1, 2, 2, 2],
      values: [0, 0, 0, 0, 0, 0, 0, 0],
    },
  ],
  // Each input element adds (10, 1) times itself at its place.
  convTranspose3d: [
    {
      says: "adds the kernel up",
      run: () => convTranspose3d(row(1, 2, 3), kernel()),
      shape: [1, 1, 1, 1, 4],
      values: [10, 21, 32, 3],
    },
    {
      says: "with stride and output padding along x",
      run: () =>
        convTranspose3d(row(1, 2), kernel(), { stride: [1, 1, 3], outputPadding: [0, 0, 1], bias: numbers(0.5) }),
      shape: [1, 1, 1, 1, 6],
      values: [10.5, 1.5, 0.5, 20.5, 2.5, 0.5],
    },
    {
      says: "with padding, which cuts off both ends",
      run: () => convTranspose3d(row(1, 2, 3), kernel(), { padding: [0, 0, 1] }),
      shape: [1, 1, 1, 1, 2],
      values: [21, 32],
    },
    {
      says: "with dilation",
      run: () => convTranspose3d(row(1, 2), kernel(), { dilation: [1, 1, 2] }),
      shape: [1, 1, 1, 1, 4],
      values: [10, 20, 1, 2],
    },
    {
      says: "in two groups",
      run: () => convTranspose3d(tensor([1, 2], [1, 2, 1, 1, 1]), tensor([3, 4, 5, 6], [2, 2, 1, 1, 1]), { groups: 2 }),
      shape: [1, 4, 1, 1, 1],
      values: [3, 4, 10, 12],
    },
  ],
  // Channel 0 holds 1 3 (sample 0) and 5 7 (sample 1): mean 4, variance 5, unbiased 20/3. Channel 1: 0 0 2 2, mean 1, variance 1,
  // unbiased 4/3.
  batchNorm: [
    {
      says: "in training, by the statistics of the batch",
      run: () => batchNorm(batch(), numbers(2, 3), numbers(0.5, -1), undefined, undefined, true, 0.1, 0),
      shape: [2, 2, 1, 1, 2],
      values: [-3, -1]
        .map((x) => (2 * x) / root(5) + 0.5)
        .concat(
          [-4, -4],
          [1, 3].map((x) => (2 * x) / root(5) + 0.5),
          [2, 2],
        ),
    },
    {
      says: "the epsilon goes under the root: 1 + 3 = 4",
      run: () => batchNorm(batch().narrow(1, 1, 1), undefined, undefined, undefined, undefined, true, 0.1, 3),
      shape: [2, 1, 1, 1, 2],
      values: [-0.5, -0.5, 0.5, 0.5],
    },
    {
      says: "in training, the running mean takes a tenth of the mean",
      run: () => running().mean,
      shape: [2],
      values: [0.9 * 10 + 0.1 * 4, 0.9 * 20 + 0.1 * 1],
    },
    {
      says: "and the running variance a tenth of the unbiased variance",
      run: () => running().variance,
      shape: [2],
      values: [0.9 * 1 + (0.1 * 20) / 3, 0.9 * 2 + (0.1 * 4) / 3],
    },
    {
      says: "in evaluation, by the running statistics",
      run: () => batchNorm(batch(), undefined, undefined, numbers(1, 2), numbers(4, 16), false, 0.1, 0),
      shape: [2, 2, 1, 1, 2],
      values: [0, 1, -0.5, -0.5, 2, 3, 0, 0],
    },
  ],
  // Each sample and channel for itself: 1 3 becomes −1 1; 0 0 has no variance and becomes 0 0 by the epsilon.
  instanceNorm: [
    {
      says: "each sample and channel for itself",
      run: () => instanceNorm(batch(), numbers(2, 3), numbers(0.5, -1), undefined, undefined, true, 0.1, 1e-12),
      shape: [2, 2, 1, 1, 2],
      values: [-1.5, 2.5, -1, -1, -1.5, 2.5, -1, -1],
    },
  ],
  // Two groups of two channels: 1 3 5 7 (mean 4, variance 5) and 0 0 2 2 (mean 1, variance 1).
  groupNorm: [
    {
      says: "two channels together, then scale and shift by channel",
      run: () =>
        groupNorm(tensor([1, 3, 5, 7, 0, 0, 2, 2], [1, 4, 2]), 2, {
          weight: numbers(1, 2, 1, 1),
          bias: numbers(0, 0, 0, 10),
          eps: 0,
        }),
      shape: [1, 4, 2],
      values: [-3 / root(5), -1 / root(5), 2 / root(5), 6 / root(5), -1, -1, 11, 11],
    },
  ],
  // 1 3 has mean 2 and variance 1; 0 4 has mean 2 and variance 4.
  layerNorm: [
    {
      says: "each row for itself, then scale and shift by column",
      run: () =>
        layerNorm(tensor([1, 3, 0, 4], [2, 2]), [2], { weight: numbers(2, 3), bias: numbers(0.5, -1), eps: 0 }),
      shape: [2, 2],
      values: [-1.5, 2, -1.5, 2],
    },
    {
      says: "the epsilon goes under the root: 1 + 3 = 4",
      run: () => layerNorm(tensor([1, 3], [1, 2]), [2], { eps: 3 }),
      shape: [1, 2],
      values: [-0.5, 0.5],
    },
  ],
  // Rows of the weight are the outputs: (1 2 3)·(1 0 −1) = −2, (1 2 3)·(2 1 0.5) = 5.5, …
  linear: [
    {
      says: "with bias",
      run: () =>
        linear(tensor([1, 2, 3, 4, 5, 6], [2, 3]), tensor([1, 0, -1, 2, 1, 0.5], [2, 3]), { bias: numbers(10, 20) }),
      shape: [2, 2],
      values: [8, 25.5, 8, 36],
    },
    {
      says: "without",
      run: () => linear(tensor([1, 2, 3], [1, 3]), tensor([2, 1, 0.5], [1, 3])),
      shape: [1, 1],
      values: [5.5],
    },
  ],
  maxPool2d: [
    {
      says: "windows of 1×2",
      run: () => tensor([1, 4, 3, 2, 9, 0], [1, 1, 2, 3]).maxPool2d([1, 2], { stride: [1, 1] }),
      shape: [1, 1, 2, 2],
      values: [4, 4, 9, 9],
    },
    {
      says: "what pads is never the largest",
      run: () => tensor([-5, -3], [1, 1, 1, 2]).maxPool2d([1, 3], { stride: [1, 2], padding: [0, 1] }),
      shape: [1, 1, 1, 1],
      values: [-3],
    },
  ],
  maxPool3d: [
    {
      says: "windows of 2×1×2, a stride of their own size",
      run: () => tensor([1, 4, 3, 2, 8, 0, 5, 6], [1, 1, 2, 2, 2]).maxPool3d([2, 1, 2]),
      shape: [1, 1, 1, 2, 1],
      values: [8, 6],
    },
  ],
  avgPool2d: [
    {
      says: "padding counts: (0 + 1 + 2)/3, (2 + 6 + 0)/3",
      run: () => tensor([1, 2, 6], [1, 1, 1, 3]).avgPool2d([1, 3], { stride: [1, 2], padding: [0, 1] }),
      shape: [1, 1, 1, 2],
      values: [1, 8 / 3],
    },
    {
      says: "or it does not: (1 + 2)/2, (2 + 6)/2",
      run: () =>
        tensor([1, 2, 6], [1, 1, 1, 3]).avgPool2d([1, 3], { stride: [1, 2], padding: [0, 1], countIncludePad: false }),
      shape: [1, 1, 1, 2],
      values: [1.5, 4],
    },
    {
      says: "a last window that is cut off, in ceil mode",
      run: () => tensor([1, 2, 6], [1, 1, 3, 1]).avgPool2d([2, 1], { ceilMode: true }),
      shape: [1, 1, 2, 1],
      values: [1.5, 6],
    },
  ],
  avgPool3d: [
    {
      says: "windows of 2×1×2",
      run: () => tensor([1, 4, 3, 2, 8, 0, 5, 6], [1, 1, 2, 2, 2]).avgPool3d([2, 1, 2]),
      shape: [1, 1, 1, 2, 1],
      values: [3.25, 4],
    },
  ],
  constantPadNd: [
    {
      says: "one before and two after the last axis, and the first row cut off",
      run: () => tensor([1, 2, 3, 4], [2, 2]).constantPadNd([1, 2, -1, 0], { value: 9 }),
      shape: [1, 5],
      values: [9, 3, 4, 9, 9],
    },
  ],
  // As upsampleTrilinear3d below.
  upsampleBilinear2d: [
    {
      says: "along x",
      run: () => tensor([0, 2], [1, 1, 1, 2]).upsampleBilinear2d([1, 4], false),
      shape: [1, 1, 1, 4],
      values: [0, 0.5, 1.5, 2],
    },
    {
      says: "along y and x, with unequal factors and corners aligned",
      run: () => tensor([0, 4, 8, 12], [1, 1, 2, 2]).upsampleBilinear2d([3, 2], true),
      shape: [1, 1, 3, 2],
      values: [0, 4, 4, 8, 8, 12],
    },
  ],
  // Two voxels, 0 and 2, become four. Without aligned corners voxel i of 4 lies at (i + ½)/2 − ½ = −¼, ¼, ¾, 5/4 of the two, and
  // what lies outside takes the end; with them at i/3.
  upsampleTrilinear3d: [
    {
      says: "along x",
      run: () => row(0, 2).upsampleTrilinear3d([1, 1, 4], false),
      shape: [1, 1, 1, 1, 4],
      values: [0, 0.5, 1.5, 2],
    },
    {
      says: "along x, corners aligned",
      run: () => row(0, 2).upsampleTrilinear3d([1, 1, 4], true),
      shape: [1, 1, 1, 1, 4],
      values: [0, 2 / 3, 4 / 3, 2],
    },
    {
      says: "along z and x, with unequal factors and corners aligned",
      run: () => tensor([0, 4, 8, 12], [1, 1, 2, 1, 2]).upsampleTrilinear3d([3, 1, 2], true),
      shape: [1, 1, 3, 1, 2],
      values: [0, 4, 4, 8, 8, 12],
    },
    // Down to two of four: voxel i lies at 2(i + ½) − ½ = ½ and 5/2.
    {
      says: "down",
      run: () => row(0, 2, 4, 8).upsampleTrilinear3d([1, 1, 2], false),
      shape: [1, 1, 1, 1, 2],
      values: [1, 6],
    },
  ],
} satisfies Record<string, readonly ValueCase[]>;

function batch(): Tensor {
  return tensor([1, 3, 0, 0, 5, 7, 2, 2], [2, 2, 1, 1, 2]);
}

function running(): { readonly mean: Tensor; readonly variance: Tensor } {
  const [mean, variance] = [numbers(10, 20), numbers(1, 2)];
  batchNorm(batch(), undefined, undefined, mean, variance, true, 0.1, 1e-5);
  return { mean, variance };
}
