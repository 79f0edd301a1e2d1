import { gradients, scope, tensor, type Tensor } from "@multirnet/engine";
import { beforeEach, expect, test } from "vitest";

import { EVALUATION, training } from "../testing/passes.js";
import { setWeights } from "../testing/weights.js";
import { BatchNorm, GroupNorm, InstanceNorm, NORMS, normOf } from "./norm.js";

// 2×2×1×1×2: two samples, two channels, two voxels. Channel 0 has 1, 3 in the first sample and 5, 7 in the second.
let x: Tensor;
beforeEach(() => {
  x = tensor([1, 3, 10, 30, 5, 7, -10, 10], [2, 2, 1, 1, 2]);
});

const close = (numbers: readonly number[], digits = 5): unknown[] =>
  numbers.map((n) => expect.closeTo(n, digits) as unknown);

test("batch norm in training takes mean and variance over the batch and space, channel by channel", () => {
  // Channel 0: mean 4, variance (9 + 1 + 1 + 9) / 4 = 5. Channel 1: mean 10, variance (0 + 400 + 400 + 0) / 4 = 200.
  const norm = new BatchNorm(2);
  setWeights(norm, { weight: [2, 1], bias: [100, -1] });
  const [a, b] = [2 / Math.sqrt(5 + 1e-5), 1 / Math.sqrt(200 + 1e-5)];
  const expected = [100 - 3 * a, 100 - a, -1, 20 * b - 1, 100 + a, 100 + 3 * a, -20 * b - 1, -1];
  expect(norm.forward(x, training()).toNumbers()).toEqual(close(expected, 4));
});

test("batch norm remembers a tenth of each training batch, its variance with n - 1", () => {
  const norm = new BatchNorm(2);
  norm.forward(x, training());
  expect(norm.runningMean.tensor.toNumbers()).toEqual(close([0.4, 1]));
  expect(norm.runningVar.tensor.toNumbers()).toEqual(close([0.9 + 20 / 3 / 10, 0.9 + 800 / 3 / 10]));
  norm.forward(x, training());
  expect(norm.runningMean.tensor.toNumbers()).toEqual(close([0.9 * 0.4 + 0.4, 0.9 + 1]));
});

test("batch norm in evaluation uses what it remembers, whatever the batch, and remembers nothing of it", () => {
  const norm = new BatchNorm(2);
  setWeights(norm, { runningMean: [1, -10], runningVar: [4 - 1e-5, 100 - 1e-5] });
  expect(norm.forward(x, EVALUATION).toNumbers()).toEqual(close([0, 1, 2, 4, 2, 3, 0, 2]));
  expect(norm.runningMean.tensor.toNumbers()).toEqual([1, -10]);
  expect(norm.runningVar.tensor.toNumbers()).toEqual(close([4, 100], 4));
});

test("batch norm in evaluation takes the batch's own statistics where the pass says so, and remembers nothing of it", () => {
  const norm = new BatchNorm(2);
  setWeights(norm, { weight: [2, 1], bias: [100, -1], runningMean: [1, -10], runningVar: [4, 100] });
  const [a, b] = [2 / Math.sqrt(5 + 1e-5), 1 / Math.sqrt(200 + 1e-5)]; // as in training
  const expected = [100 - 3 * a, 100 - a, -1, 20 * b - 1, 100 + a, 100 + 3 * a, -20 * b - 1, -1];
  expect(norm.forward(x, { ...EVALUATION, statistics: "batch" }).toNumbers()).toEqual(close(expected, 4));
  expect(norm.runningMean.tensor.toNumbers()).toEqual([1, -10]);
  expect(norm.runningVar.tensor.toNumbers()).toEqual([4, 100]);
});

test("what a batch norm remembers is no parameter and takes no gradient", () => {
  const norm = new BatchNorm(2);
  expect([...norm.parameters().keys()]).toEqual(["weight", "bias"]);
  expect([...norm.state().keys()]).toEqual(["weight", "bias", "runningMean", "runningVar"]);
  // Of the shift it is the number of elements of a channel, of the scale the sum of the normalised ones, which is 0.
  const [weight, bias] = gradients(norm.forward(x, training()), [norm.weight.tensor, norm.bias.tensor]);
  expect(bias?.toNumbers()).toEqual([4, 4]);
  expect(weight?.toNumbers()).toEqual(close([0, 0]));
});

test("instance norm takes mean and variance of each sample and channel, in training and in evaluation", () => {
  // Means 2, 20, 6, 0 and variances 1, 100, 1, 100.
  const norm = new InstanceNorm(2);
  setWeights(norm, { weight: [1, 3], bias: [0, 5] });
  const [a, b] = [1 / Math.sqrt(1 + 1e-5), 3 / Math.sqrt(100 + 1e-5)];
  const expected = [-a, a, 5 - 10 * b, 5 + 10 * b, -a, a, 5 - 10 * b, 5 + 10 * b];
  for (const pass of [training(), EVALUATION]) {
    expect(normOf("instance", 2).forward(x, pass).shape).toEqual(x.shape);
    expect(scope(() => norm.forward(x)).toNumbers()).toEqual(close(expected, 4));
  }
  expect([...norm.state().keys()]).toEqual(["weight", "bias"]); // it remembers nothing
});

test("group norm without a multiple of eight channels is one group: each sample's statistics over all of it", () => {
  // Sample 0: 1, 3, 10, 30 with mean 11 and variance (100 + 64 + 1 + 361) / 4 = 131.5.
  // Sample 1: 5, 7, -10, 10 with mean 3 and variance (4 + 16 + 169 + 49) / 4 = 59.5.
  const [a, b] = [1 / Math.sqrt(131.5), 1 / Math.sqrt(59.5)];
  const expected = [-10 * a, -8 * a, -a, 19 * a, 2 * b, 4 * b, -13 * b, 7 * b];
  expect(new GroupNorm(2).forward(x).toNumbers()).toEqual(close(expected));
});

test("group norm with sixteen channels has eight groups of two neighbours", () => {
  // Channel c has one voxel of value c²: neighbours 2g and 2g + 1 differ, so one goes to -1 and the other to 1.
  const squares = Array.from({ length: 16 }, (_, c) => c * c);
  const expected = Array.from({ length: 16 }, (_, c) => (c % 2 === 0 ? -1 : 1));
  const found = new GroupNorm(16).forward(tensor(squares, [1, 16, 1, 1, 1])).toNumbers();
  expect(found).toEqual(close(expected, 3));
});

test("a norm starts as one that neither scales nor shifts", () => {
  for (const kind of NORMS) {
    const state = normOf(kind, 3).state();
    expect(state.get("weight")?.toNumbers()).toEqual([1, 1, 1]);
    expect(state.get("bias")?.toNumbers()).toEqual([0, 0, 0]);
  }
  expect(normOf("batch", 3)).toBeInstanceOf(BatchNorm);
  expect(normOf("instance", 3)).toBeInstanceOf(InstanceNorm);
  expect(normOf("group", 3)).toBeInstanceOf(GroupNorm);
});
