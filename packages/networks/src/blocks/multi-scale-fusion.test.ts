import { asLogits, full, gradients, tensor, type Logits } from "@multirnet/engine";
import { expect, test } from "vitest";

import { setWeights } from "../testing/weights.js";
import { MultiScaleFusion } from "./multi-scale-fusion.js";

const constants = (values: readonly number[], types = 1): Logits[] =>
  values.map((value, level) => asLogits(full([2, types, 8 / 2 ** level, 16 / 2 ** level, 24 / 2 ** level], value)));

test("constant levels sum to constants, each times its weight", () => {
  const fusion = new MultiScaleFusion({ lesionTypes: 1, weights: [0.4, 0.3, 0.2, 0.1] });
  const found = fusion.forward(constants([1, 10, 100, 1000])); // 0.4 + 3 + 20 + 100
  expect(found.shape).toEqual([2, 1, 8, 16, 24]);
  const values = found.toNumbers();
  expect(Math.min(...values)).toBeCloseTo(123.4, 3);
  expect(Math.max(...values)).toBeCloseTo(123.4, 3);
});

test("a weight may be 0 or below", () => {
  const fusion = new MultiScaleFusion({ lesionTypes: 1, weights: [0, -2, 1, 0] });
  expect(new Set(fusion.forward(constants([1, 10, 100, 1000])).toNumbers())).toEqual(new Set([80]));
});

test("the finest level is taken as it is; the others have a kernel as large as they are coarse", () => {
  const fusion = new MultiScaleFusion({ lesionTypes: 3, weights: [0.4, 0.3, 0.2, 0.1] });
  expect([...fusion.state()].map(([path, { shape }]) => `${path} ${shape.join("×")}`)).toEqual([
    "up.0.weight 3×1×2×2×2",
    "up.0.bias 3",
    "up.1.weight 3×1×4×4×4",
    "up.1.bias 3",
    "up.2.weight 3×1×8×8×8",
    "up.2.bias 3",
  ]);
});

test("before anything is learned, a coarse voxel is repeated over the voxels that it stands for", () => {
  const fusion = new MultiScaleFusion({ lesionTypes: 1, weights: [1, 10] });
  const fine = tensor(
    Array.from({ length: 32 }, (_, index) => index / 100),
    [1, 1, 2, 4, 4],
  );
  const coarse = tensor([1, 2, 3, 4], [1, 1, 1, 2, 2]);
  const found = fusion.forward([asLogits(fine), asLogits(coarse)]).toNumbers();
  const expected = Array.from({ length: 32 }, (_, index) => {
    const [h, w] = [Math.floor(index / 4) % 4, index % 4];
    return index / 100 + 10 * (1 + 2 * Math.floor(h / 2) + Math.floor(w / 2));
  });
  expect(found).toEqual(expected.map((value) => expect.closeTo(value, 4) as unknown));
});

test("each lesion type has a kernel and a bias of its own, and no type sees another", () => {
  const fusion = new MultiScaleFusion({ lesionTypes: 2, weights: [1, 1] });
  setWeights(fusion, {
    "up.0.weight": [1, 2, 3, 4, 5, 6, 7, 8, ...new Array<number>(8).fill(-1)],
    "up.0.bias": [0, 0.5],
  });
  const fine = asLogits(full([1, 2, 2, 2, 2], 0));
  const found = fusion.forward([fine, asLogits(tensor([10, 7], [1, 2, 1, 1, 1]))]).toNumbers();
  expect(found).toEqual([10, 20, 30, 40, 50, 60, 70, 80, ...new Array<number>(8).fill(-6.5)]);
});

test("every level learns in the measure of its weight", () => {
  const levels = constants([0, 0, 0, 0]);
  for (const level of levels) level.setRequiresGrad(true);
  const fusion = new MultiScaleFusion({ lesionTypes: 1, weights: [0.4, 0.3, 0.2, 0.1] });
  const found = gradients(fusion.forward(levels), levels);
  // A coarse voxel reaches 8, 64 and 512 voxels.
  expect(found.map((gradient) => gradient?.narrow(4, 0, 1).toNumbers()[0])).toEqual(
    [0.4, 0.3 * 8, 0.2 * 64, 0.1 * 512].map((value) => expect.closeTo(value, 3) as unknown),
  );
});
