import type { RandomSource } from "@multirnet/base";

import { tensor } from "../create.js";
import {
  batchNorm,
  cat,
  conv2d,
  conv3d,
  convTranspose2d,
  convTranspose3d,
  groupNorm,
  instanceNorm,
  layerNorm,
  linear,
  stack,
  type Tensor,
} from "../generated/tensor.js";
import { awayFromZero, distinct, positive, type CheckedInput, type GradientCheck } from "./gradient-check.js";

export interface GradientCase extends GradientCheck {
  readonly says: string;
}

const of = (...shape: number[]): CheckedInput => ({ shape });
const unary = (run: (x: Tensor) => Tensor, draw?: CheckedInput["draw"]): readonly GradientCase[] => [
  { says: "3×4", inputs: [{ shape: [3, 4], ...(draw && { draw }) }], run },
];
const binary = (run: (a: Tensor, b: Tensor | number) => Tensor): readonly GradientCase[] => [
  { says: "column and row, broadcast", inputs: [of(3, 1), { shape: [4], draw: awayFromZero }], run },
  { says: "a number", inputs: [of(2, 3)], run: (x) => run(x, -1.7) },
];

const bothStatistics = (): [Tensor, Tensor] => [
  tensor([0.3, -0.2, 0.1], [3], "float64"),
  tensor([0.7, 1.3, 2.1], [3], "float64"),
];
const normInputs = [of(2, 3, 2, 1, 3), { shape: [3], draw: awayFromZero }, of(3)];

/** Whole numbers, and such and a half: no two of them are equal. */
const whole = (random: RandomSource): number => random.integer(7) - 3;
const halves = (random: RandomSource): number => random.integer(7) - 2.5;

/** Multiples of ½ of at most ten bits: float32 holds them and their neighbours at ±½ exactly, so a change of type is linear. */
const dyadic = (type: "float32" | "float64", run: (x: Tensor) => Tensor): GradientCase => ({
  says: `to ${type}`,
  inputs: [{ shape: [2, 3], draw: (random) => (random.integer(1000) - 500) / 2 }],
  run,
  step: 0.5,
});

/** Every differentiable operator of the table, by its name there. */
export const GRADIENT_CASES: Readonly<Record<string, readonly GradientCase[]>> = {
  add: binary((a, b) => a.add(b)),
  sub: binary((a, b) => a.sub(b)),
  mul: binary((a, b) => a.mul(b)),
  div: binary((a, b) => a.div(b)),
  neg: unary((x) => x.neg()),
  abs: unary((x) => x.abs(), awayFromZero),
  pow: [
    { says: "cube", inputs: [of(3, 4)], run: (x) => x.pow(3) },
    { says: "root", inputs: [{ shape: [5], draw: positive }], run: (x) => x.pow(0.5) },
  ],
  exp: unary((x) => x.exp()),
  log: unary((x) => x.log(), positive),
  sqrt: unary((x) => x.sqrt(), positive),
  maximum: [
    {
      says: "column and row, broadcast",
      inputs: [
        { shape: [3, 1], draw: whole },
        { shape: [4], draw: halves },
      ],
      run: (a, b) => a.maximum(b),
    },
  ],
  clamp: [
    // The bounds lie half way between the drawn values, 0.1 from the nearest.
    {
      says: "inside and outside",
      inputs: [{ shape: [20], draw: (random) => random.integer(21) / 5 - 2 }],
      run: (x) => x.clamp({ min: -0.9, max: 1.1 }),
    },
  ],
  sigmoid: unary((x) => x.sigmoid()),
  relu: unary((x) => x.relu(), awayFromZero),
  reluInPlace: unary((x) => x.mul(1).reluInPlace(), awayFromZero),
  leakyRelu: [
    {
      says: "slope 0.1",
      inputs: [{ shape: [3, 4], draw: awayFromZero }],
      run: (x) => x.leakyRelu({ negativeSlope: 0.1 }),
    },
  ],
  gelu: unary((x) => x.gelu()),
  prelu: [
    {
      says: "input and slopes",
      inputs: [{ shape: [2, 3, 4], draw: awayFromZero }, of(3)],
      run: (x, slope) => x.prelu(slope),
    },
  ],
  elu: [
    { says: "α = 1", inputs: [{ shape: [3, 4], draw: awayFromZero }], run: (x) => x.elu() },
    { says: "α = 1.5", inputs: [{ shape: [3, 4], draw: awayFromZero }], run: (x) => x.elu({ alpha: 1.5 }) },
  ],
  softmax: [
    { says: "rows", inputs: [of(2, 3)], run: (x) => x.softmax(1) },
    { says: "an inner axis", inputs: [of(2, 3, 4)], run: (x) => x.softmax(1) },
  ],
  logSoftmax: [{ says: "an inner axis", inputs: [of(2, 3, 4)], run: (x) => x.logSoftmax(1) }],
  sum: [
    { says: "two axes", inputs: [of(2, 3, 4)], run: (x) => x.sum([0, 2]) },
    { says: "everything", inputs: [of(2, 3)], run: (x) => x.sum(undefined) },
  ],
  mean: [
    { says: "two axes, kept", inputs: [of(2, 3, 4)], run: (x) => x.mean([0, 2], { keepdim: true }) },
    { says: "everything", inputs: [of(2, 3)], run: (x) => x.mean(undefined) },
  ],
  amax: [
    // Numbers that differ by 0.05 at least, so that no step makes another one the largest.
    {
      says: "an inner axis",
      inputs: [{ shape: [2, 5, 3], draw: distinct() }],
      run: (x) => x.amax({ dim: [1], keepdim: true }),
    },
  ],
  reshape: unary((x) => x.reshape([2, 6])),
  permute: [{ says: "three axes", inputs: [of(2, 3, 4)], run: (x) => x.permute([2, 0, 1]) }],
  expand: [{ says: "a column", inputs: [of(3, 1)], run: (x) => x.expand([2, 3, 4]) }],
  repeat: unary((x) => x.repeat([2, 3])),
  narrow: unary((x) => x.narrow(1, 1, 2)),
  indexSelect: [
    {
      says: "with one place twice and one never",
      inputs: [of(2, 4, 3)],
      run: (x) => x.indexSelect(1, tensor([3, 0, 3], [3], "int64")),
    },
  ],
  flip: [{ says: "two axes of three", inputs: [of(2, 3, 4)], run: (x) => x.flip([0, 2]) }],
  cat: [{ says: "unequal widths", inputs: [of(2, 3), of(2, 1)], run: (a, b) => cat([a, b], { dim: 1 }) }],
  stack: [{ says: "an inner axis", inputs: [of(2, 3), of(2, 3)], run: (a, b) => stack([a, b], { dim: 1 }) }],
  clone: unary((x) => x.clone()),
  contiguous: unary((x) => x.permute([1, 0]).contiguous()),
  toDtype: [dyadic("float32", (x) => x.toDtype("float32")), dyadic("float64", (x) => x.toDtype("float64"))],
  toDevice: [dyadic("float32", (x) => x.toDevice("cpu", "float32"))],

  matmul: [
    { says: "two matrices", inputs: [of(2, 3), of(3, 4)], run: (a, b) => a.matmul(b) },
    { says: "batches, broadcast", inputs: [of(2, 1, 2, 3), of(4, 3, 2)], run: (a, b) => a.matmul(b) },
  ],
  conv2d: [
    {
      says: "stride, padding, dilation and bias",
      inputs: [of(2, 2, 5, 6), of(3, 2, 3, 2), of(3)],
      run: (x, w, bias) => conv2d(x, w, { bias, stride: [1, 2], padding: [2, 0], dilation: [2, 1] }),
    },
    {
      says: "two groups",
      inputs: [of(1, 4, 3, 3), of(6, 2, 2, 1)],
      run: (x, w) => conv2d(x, w, { groups: 2, padding: 1 }),
    },
  ],
  convTranspose2d: [
    {
      says: "stride, output padding, padding and bias",
      inputs: [of(2, 2, 3, 2), of(2, 3, 2, 3), of(3)],
      run: (x, w, bias) => convTranspose2d(x, w, { bias, stride: [3, 2], padding: [0, 1], outputPadding: [2, 0] }),
    },
    {
      says: "two groups and dilation",
      inputs: [of(1, 4, 2, 3), of(4, 2, 2, 2)],
      run: (x, w) => convTranspose2d(x, w, { groups: 2, dilation: [2, 3] }),
    },
  ],
  conv3d: [
    { says: "plain", inputs: [of(2, 2, 3, 4, 5), of(3, 2, 2, 1, 3)], run: (x, w) => conv3d(x, w) },
    {
      says: "stride, padding, dilation and bias",
      inputs: [of(1, 2, 4, 5, 6), of(3, 2, 2, 3, 2), of(3)],
      run: (x, w, bias) => conv3d(x, w, { bias, stride: [1, 2, 3], padding: [1, 0, 2], dilation: [2, 1, 3] }),
    },
    {
      says: "two groups",
      inputs: [of(1, 4, 3, 2, 3), of(6, 2, 2, 2, 1), of(6)],
      run: (x, w, bias) => conv3d(x, w, { bias, groups: 2, padding: 1 }),
    },
  ],
  convTranspose3d: [
    { says: "plain", inputs: [of(2, 2, 2, 3, 2), of(2, 3, 2, 1, 3)], run: (x, w) => convTranspose3d(x, w) },
    {
      says: "stride, output padding, padding and bias",
      inputs: [of(1, 2, 2, 3, 2), of(2, 3, 3, 2, 2), of(3)],
      run: (x, w, bias) =>
        convTranspose3d(x, w, { bias, stride: [2, 3, 2], padding: [1, 0, 0], outputPadding: [1, 2, 0] }),
    },
    {
      says: "two groups and dilation",
      inputs: [of(1, 4, 2, 2, 3), of(4, 2, 2, 2, 2)],
      run: (x, w) => convTranspose3d(x, w, { groups: 2, dilation: [1, 2, 3] }),
    },
  ],
  batchNorm: [
    {
      says: "in training, nothing tracked",
      inputs: normInputs,
      run: (x, w, b) => batchNorm(x, w, b, undefined, undefined, true, 0.1, 1e-3),
    },
    {
      says: "in training, statistics tracked",
      inputs: normInputs,
      run: (x, w, b) => batchNorm(x, w, b, ...bothStatistics(), true, 0.1, 1e-3),
    },
    {
      says: "in training, without scale and shift",
      inputs: [of(3, 2, 2)],
      run: (x) => batchNorm(x, undefined, undefined, undefined, undefined, true, 0.1, 1e-3),
    },
    {
      says: "in evaluation",
      inputs: normInputs,
      run: (x, w, b) => batchNorm(x, w, b, ...bothStatistics(), false, 0.1, 1e-3),
    },
  ],
  instanceNorm: [
    {
      says: "with scale and shift",
      inputs: normInputs,
      run: (x, w, b) => instanceNorm(x, w, b, undefined, undefined, true, 0.1, 1e-3),
    },
  ],
  groupNorm: [
    {
      says: "two groups of two channels",
      inputs: [of(2, 4, 3), { shape: [4], draw: awayFromZero }, of(4)],
      run: (x, weight, bias) => groupNorm(x, 2, { weight, bias, eps: 1e-3 }),
    },
  ],
  layerNorm: [
    {
      says: "the last axis, with scale and shift",
      inputs: [of(2, 3, 4), { shape: [4], draw: awayFromZero }, of(4)],
      run: (x, weight, bias) => layerNorm(x, [4], { weight, bias, eps: 1e-3 }),
    },
    { says: "two axes, without", inputs: [of(2, 3, 4)], run: (x) => layerNorm(x, [3, 4], { eps: 1e-3 }) },
  ],
  linear: [
    {
      says: "with bias",
      inputs: [of(2, 3), of(4, 3), of(4)],
      run: (x, w, bias) => linear(x, w, { bias }),
    },
    { says: "without", inputs: [of(2, 3), of(4, 3)], run: (x, w) => linear(x, w) },
  ],
  maxPool2d: [
    {
      says: "overlapping windows with padding",
      inputs: [{ shape: [1, 2, 4, 5], draw: distinct() }],
      run: (x) => x.maxPool2d([3, 2], { stride: [2, 1], padding: [1, 0] }),
    },
  ],
  maxPool3d: [
    {
      says: "overlapping windows with padding",
      inputs: [{ shape: [1, 2, 3, 4, 5], draw: distinct() }],
      run: (x) => x.maxPool3d([2, 3, 2], { stride: [1, 2, 3], padding: [1, 0, 1] }),
    },
  ],
  avgPool2d: [
    {
      says: "padding counted, last window cut off",
      inputs: [of(1, 2, 4, 5)],
      run: (x) => x.avgPool2d([3, 2], { stride: [2, 2], padding: [1, 0], ceilMode: true }),
    },
    {
      says: "padding not counted",
      inputs: [of(1, 1, 3, 3)],
      run: (x) => x.avgPool2d(3, { stride: 1, padding: 1, countIncludePad: false }),
    },
  ],
  avgPool3d: [
    {
      says: "overlapping windows with padding",
      inputs: [of(1, 2, 3, 4, 3)],
      run: (x) => x.avgPool3d([2, 3, 1], { stride: [1, 2, 1], padding: [1, 1, 0] }),
    },
  ],
  constantPadNd: [
    {
      says: "two axes, one of them cut",
      inputs: [of(2, 3, 4)],
      run: (x) => x.constantPadNd([1, 0, -1, 2], { value: 7 }),
    },
  ],
  upsampleBilinear2d: [
    { says: "up", inputs: [of(1, 2, 3, 2)], run: (x) => x.upsampleBilinear2d([4, 5], false) },
    { says: "up, corners aligned", inputs: [of(1, 2, 3, 2)], run: (x) => x.upsampleBilinear2d([4, 5], true) },
    { says: "down", inputs: [of(1, 1, 5, 4)], run: (x) => x.upsampleBilinear2d([2, 3], false) },
  ],
  upsampleTrilinear3d: [
    { says: "up", inputs: [of(1, 2, 2, 3, 2)], run: (x) => x.upsampleTrilinear3d([3, 4, 5], false) },
    { says: "up, corners aligned", inputs: [of(1, 2, 2, 3, 2)], run: (x) => x.upsampleTrilinear3d([3, 4, 5], true) },
    { says: "down", inputs: [of(1, 1, 4, 5, 3)], run: (x) => x.upsampleTrilinear3d([2, 3, 1], false) },
  ],
};
