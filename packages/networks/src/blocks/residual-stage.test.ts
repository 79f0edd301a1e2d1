import { RandomSource } from "@multirnet/base";
import { tensor } from "@multirnet/engine";
import { expect, test } from "vitest";

import { EVALUATION } from "../testing/passes.js";
import { setToIdentity } from "../testing/weights.js";
import { ResidualStage } from "./residual-stage.js";

const style = { kernel: 3, norm: "batch", activation: "relu" } as const;
const init = new RandomSource("stage");

test("one convolution has no activation before the sum, and one after it", () => {
  const stage = new ResidualStage({ from: 1, to: 1, convolutions: 1, style }, init);
  setToIdentity(stage);
  const x = tensor([-3, -3, 2, 2], [1, 1, 1, 1, 4]);
  const residual = tensor([1, 5, 1, -5], [1, 1, 1, 1, 4]);
  expect(stage.forward(x, residual, EVALUATION).toNumbers()).toEqual([0, 2, 3, 0]);
});

test("two convolutions have an activation between them, and what is added is the caller's, not the first convolution's", () => {
  const stage = new ResidualStage({ from: 1, to: 1, convolutions: 2, style }, init);
  setToIdentity(stage);
  const x = tensor([-3, -3, 2, 2], [1, 1, 1, 1, 4]);
  const residual = tensor([1, -5, 1, -5], [1, 1, 1, 1, 4]);
  expect(stage.forward(x, residual, EVALUATION).toNumbers()).toEqual([1, 0, 3, 0]);
});

test("a residual of one channel is added to all of them", () => {
  const stage = new ResidualStage({ from: 2, to: 2, convolutions: 1, style }, init);
  setToIdentity(stage);
  const x = tensor([1, 2, 10, 20], [1, 2, 1, 1, 2]);
  expect(stage.forward(x, tensor([100, 200], [1, 1, 1, 1, 2]), EVALUATION).toNumbers()).toEqual([101, 202, 110, 220]);
});

test("the first convolution goes from the input's width to the stage's, the others stay there", () => {
  const stage = new ResidualStage({ from: 4, to: 2, convolutions: 3, style: { ...style, kernel: 5 } }, init);
  const shapes = [...stage.parameters()].filter(([path]) => path.endsWith("convolution.weight"));
  expect(shapes.map(([path, { shape }]) => `${path} ${shape.join("×")}`)).toEqual([
    "before.0.unit.convolution.weight 2×4×5×5×5",
    "before.1.unit.convolution.weight 2×2×5×5×5",
    "last.convolution.weight 2×2×5×5×5",
  ]);
  const input = tensor(new Array<number>(8 * 30).fill(1), [2, 4, 2, 3, 5]);
  const residual = tensor(new Array<number>(4 * 30).fill(1), [2, 2, 2, 3, 5]);
  expect(stage.forward(input, residual, EVALUATION).shape).toEqual([2, 2, 2, 3, 5]);
});
