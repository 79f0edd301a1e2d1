import { asLogits, gradients, tensor } from "@multirnet/engine";
import { expect, test } from "vitest";

import { unionProbability } from "./union.js";

const THREE = Math.log(3); // σ = 3/4; of its negative 1/4
const logits = (numbers: readonly number[], shape: readonly number[]) => asLogits(tensor(numbers, shape));

test("of one lesion type it is the type's own probability", () => {
  const found = unionProbability(logits([0, THREE, -THREE, 0, 0, 0], [1, 1, 1, 2, 3]));
  expect(found.shape).toEqual([1, 1, 1, 2, 3]);
  expect(found.toNumbers().slice(0, 3)).toEqual([0.5, 0.75, 0.25].map((p) => expect.closeTo(p, 6) as unknown));
});

test("of three types it is one less the product of what each leaves, voxel by voxel", () => {
  // Two samples of three types of two voxels.
  const found = unionProbability(
    logits([0, THREE, THREE, THREE, -THREE, THREE, -THREE, 0, -THREE, 0, -THREE, 0], [2, 3, 1, 1, 2]),
  );
  expect(found.shape).toEqual([2, 1, 1, 1, 2]);
  const expected = [1 - (1 / 2) * (1 / 4) * (3 / 4), 1 - (1 / 4) ** 3, 1 - (3 / 4) ** 3, 1 - (1 / 2) ** 3];
  expect(found.toNumbers()).toEqual(expected.map((p) => expect.closeTo(p, 6) as unknown));
});

test("one certain type is enough, and none at all is none", () => {
  expect(unionProbability(logits([40, -40, -40, -200, -200, -200], [2, 3, 1, 1, 1])).toNumbers()).toEqual([1, 0]);
});

test("the gradient of a type is its own slope times what the others leave", () => {
  const x = logits([0, THREE], [1, 2, 1, 1, 1]);
  x.setRequiresGrad(true);
  const [gradient] = gradients(unionProbability(x), [x]);
  // p (1 - p) is 1/4 and 3/16; the others leave 1/4 and 1/2.
  expect(gradient?.toNumbers()).toEqual([expect.closeTo(1 / 16, 6), expect.closeTo(3 / 32, 6)]);
});
