import { tensor, tensorFrom } from "../../create.js";
import type { Tensor } from "../../generated/tensor.js";
import type { ValueCases } from "./value-case.js";

const column = (): Tensor => tensor([1, 2, 3], [3, 1]);
const row = (): Tensor => tensor([10, 20], [2]);
const shape = [3, 2];

export const ARITHMETIC: ValueCases = {
  add: [
    { says: "column + row", run: () => column().add(row()), shape, values: [11, 21, 12, 22, 13, 23] },
    { says: "a number", run: () => row().add(0.5), shape: [2], values: [10.5, 20.5] },
    {
      says: "a whole number to whole numbers",
      run: () => tensor([1, -2], [2], "int64").add(3),
      shape: [2],
      dtype: "int64",
      values: [4, 1],
    },
  ],
  sub: [
    { says: "column - row", run: () => column().sub(row()), shape, values: [-9, -19, -8, -18, -7, -17] },
    { says: "a number", run: () => row().sub(0.5), shape: [2], values: [9.5, 19.5] },
  ],
  mul: [
    { says: "column * row", run: () => column().mul(row()), shape, values: [10, 20, 20, 40, 30, 60] },
    { says: "a number", run: () => row().mul(-0.25), shape: [2], values: [-2.5, -5] },
  ],
  div: [
    { says: "row / column", run: () => row().div(column()), shape, values: [10, 20, 5, 10, 10 / 3, 20 / 3] },
    { says: "whole numbers give fractions", run: () => tensor([7], [1], "int64").div(2), shape: [1], values: [3.5] },
  ],
  neg: [{ says: "signs", run: () => tensor([-1.5, 0, 2], [3]).neg(), shape: [3], values: [1.5, -0, -2] }],
  abs: [{ says: "signs", run: () => tensor([-1.5, 0, 2], [3]).abs(), shape: [3], values: [1.5, 0, 2] }],
  pow: [
    { says: "cube", run: () => tensor([-2, 0, 3], [3]).pow(3), shape: [3], values: [-8, 0, 27] },
    { says: "root", run: () => tensor([4, 2.25], [2]).pow(0.5), shape: [2], values: [2, 1.5] },
  ],
  exp: [{ says: "0, 1, -1", run: () => tensor([0, 1, -1], [3]).exp(), shape: [3], values: [1, Math.E, 1 / Math.E] }],
  log: [{ says: "1, e, e²", run: () => tensor([1, Math.E, Math.E ** 2], [3]).log(), shape: [3], values: [0, 1, 2] }],
  sqrt: [{ says: "squares", run: () => tensor([0, 4, 2.25], [3]).sqrt(), shape: [3], values: [0, 2, 1.5] }],
  maximum: [
    {
      says: "column with row",
      run: () => tensor([1, 5, 3], [3, 1]).maximum(tensor([2, 4], [2])),
      shape,
      values: [2, 4, 5, 5, 3, 4],
    },
  ],
  clamp: [
    {
      says: "both bounds",
      run: () => tensor([-3, -1, 0.5, 2, 7], [5]).clamp({ min: -1, max: 2 }),
      shape: [5],
      values: [-1, -1, 0.5, 2, 2],
    },
    { says: "below only", run: () => tensor([-3, 7], [2]).clamp({ min: -1 }), shape: [2], values: [-1, 7] },
    { says: "above only", run: () => tensor([-3, 7], [2]).clamp({ max: 2.5 }), shape: [2], values: [-3, 2.5] },
  ],
  eq: [
    {
      says: "column with row",
      run: () => tensor([1, 2, 2], [3, 1]).eq(tensor([1, 2], [2])),
      shape,
      dtype: "bool",
      values: [1, 0, 0, 1, 0, 1],
    },
    { says: "a number", run: () => column().eq(2), shape: [3, 1], dtype: "bool", values: [0, 1, 0] },
  ],
  gt: [
    {
      says: "column with row; equal is not greater",
      run: () => column().gt(tensor([1, 2], [2])),
      shape,
      dtype: "bool",
      values: [0, 0, 1, 0, 1, 1],
    },
    { says: "a number", run: () => column().gt(1.5), shape: [3, 1], dtype: "bool", values: [0, 1, 1] },
  ],

  // σ(ln 3) = 1 / (1 + 1/3) = 3/4
  sigmoid: [
    {
      says: "0 and ±ln 3",
      run: () => tensor([0, Math.log(3), -Math.log(3)], [3]).sigmoid(),
      shape: [3],
      values: [0.5, 0.75, 0.25],
    },
  ],
  leakyRelu: [
    {
      says: "a tenth of what is negative",
      run: () => tensor([-2, 0, 3], [3]).leakyRelu({ negativeSlope: 0.1 }),
      shape: [3],
      values: [-0.2, 0, 3],
    },
  ],
  // Φ(1) is 0.841345 and Φ(−2) 0.0227501, from the tables.
  gelu: [
    { says: "0, 1 and −2", run: () => tensor([0, 1, -2], [3]).gelu(), shape: [3], values: [0, 0.841345, -0.0455003] },
  ],
  relu: [{ says: "signs", run: () => tensor([-1.5, 0, 2], [3]).relu(), shape: [3], values: [0, 0, 2] }],
  reluInPlace: [
    {
      says: "the tensor itself is changed",
      run: () => {
        const x = tensor([-1.5, 0, 2], [3]);
        x.reluInPlace();
        return x;
      },
      shape: [3],
      values: [0, 0, 2],
    },
  ],
  prelu: [
    {
      says: "a slope for each of two channels",
      run: () => tensor([-1, 2, -3, -4, 5, -6], [1, 2, 3]).prelu(tensor([0.5, 0.25], [2])),
      shape: [1, 2, 3],
      values: [-0.5, 2, -1.5, -1, 5, -1.5],
    },
    {
      says: "one slope",
      run: () => tensor([-1, 2], [1, 2]).prelu(tensor([0.1], [1])),
      shape: [1, 2],
      values: [-0.1, 2],
    },
  ],
  // exp(-ln 2) - 1 = -1/2
  elu: [
    { says: "α = 1", run: () => tensor([-Math.LN2, 3], [2]).elu(), shape: [2], values: [-0.5, 3] },
    { says: "α = 2", run: () => tensor([-Math.LN2, 3], [2]).elu({ alpha: 2 }), shape: [2], values: [-1, 3] },
  ],
  // exp of the rows: 1, 2, 5 (sum 8) and 3, 1, 1 (sum 5); of the columns: 1, 3 (sum 4), 2, 1 (sum 3) and 5, 1 (sum 6)
  softmax: [
    { says: "rows", run: () => logs().softmax(1), shape: [2, 3], values: [1 / 8, 2 / 8, 5 / 8, 3 / 5, 1 / 5, 1 / 5] },
    {
      says: "columns",
      run: () => logs().softmax(0),
      shape: [2, 3],
      values: [1 / 4, 2 / 3, 5 / 6, 3 / 4, 1 / 3, 1 / 6],
    },
    { says: "large numbers", run: () => tensor([1000, 1000], [2]).softmax(0), shape: [2], values: [0.5, 0.5] },
  ],
  logSoftmax: [
    {
      says: "rows",
      run: () => logs().logSoftmax(-1),
      shape: [2, 3],
      values: [1 / 8, 2 / 8, 5 / 8, 3 / 5, 1 / 5, 1 / 5].map(Math.log),
    },
  ],

  sum: [
    {
      says: "of axes 0 and 2",
      run: () => cube().sum([0, 2]),
      shape: [3],
      values: [1 + 2 + 7 + 8, 3 + 4 + 9 + 10, 5 + 6 + 11 + 12],
    },
    {
      says: "keeping the axis",
      run: () => cube().sum([1], { keepdim: true }),
      shape: [2, 1, 2],
      values: [9, 12, 27, 30],
    },
    { says: "of everything", run: () => cube().sum(undefined), shape: [], values: [78] },
    { says: "of nothing", run: () => tensor([], [0, 3]).sum([0]), shape: [3], values: [0, 0, 0] },
    {
      says: "of truth values, counted",
      run: () => tensorFrom(Uint8Array.of(1, 0, 1), [3], "bool").sum(undefined),
      shape: [],
      dtype: "int64",
      values: [2],
    },
  ],
  mean: [
    { says: "of axes 0 and 2", run: () => cube().mean([0, 2]), shape: [3], values: [4.5, 6.5, 8.5] },
    {
      says: "keeping the axis",
      run: () => cube().mean([1], { keepdim: true }),
      shape: [2, 1, 2],
      values: [3, 4, 9, 10],
    },
    { says: "of everything", run: () => cube().mean(undefined), shape: [], values: [6.5] },
  ],
  amax: [
    {
      says: "of each row, kept",
      run: () => tensor([1, 9, 3, -4, -6, -5], [2, 3]).amax({ dim: [1], keepdim: true }),
      shape: [2, 1],
      values: [9, -4],
    },
  ],
  argmax: [
    { says: "of everything, row-major", run: () => uneven().argmax(), shape: [], dtype: "int64", values: [4] },
    { says: "along rows", run: () => uneven().argmax({ dim: 1 }), shape: [2], dtype: "int64", values: [2, 1] },
    {
      says: "along columns, keeping the axis",
      run: () => uneven().argmax({ dim: 0, keepdim: true }),
      shape: [1, 3],
      dtype: "int64",
      values: [1, 1, 0],
    },
  ],
};

function logs(): Tensor {
  return tensor([1, 2, 5, 3, 1, 1].map(Math.log), [2, 3]);
}

/** 1 to 12 as 2×3×2. */
function cube(): Tensor {
  return tensor(
    Array.from({ length: 12 }, (_, i) => i + 1),
    [2, 3, 2],
  );
}

function uneven(): Tensor {
  return tensor([1, 2, 8, 5, 9, 7], [2, 3]);
}
