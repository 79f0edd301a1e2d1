import { expect, test } from "vitest";

import { gradients, withoutGradients } from "./autograd.js";
import { tensor } from "./create.js";
import type { Tensor } from "./generated/tensor.js";

const leaf = (...values: number[]): Tensor => tensor(values, [values.length], "float64").setRequiresGrad(true);

test("gradients come in the order of the inputs, undefined for one that took no part", () => {
  const [x, unused, y] = [leaf(1, 2), leaf(5), leaf(3, 4)];
  const found = gradients(x.mul(y).sum(undefined), [y, unused, x]); // d(xy)/dy = x, d(xy)/dx = y
  expect(found.map((gradient) => gradient?.toNumbers())).toEqual([[1, 2], undefined, [3, 4]]);
});

test("of an output with many elements the sum is differentiated", () => {
  const x = leaf(1, 2, 3);
  expect(gradients(x.pow(2), [x])[0]?.toNumbers()).toEqual([2, 4, 6]);
});

test("with createGraph a gradient can be differentiated again", () => {
  const x = leaf(2, 3);
  const [first] = gradients(x.pow(3), [x], { createGraph: true }); // 3x²
  expect(first?.toNumbers()).toEqual([12, 27]);
  const [second] = gradients(first as Tensor, [x]); // 6x
  expect(second?.toNumbers()).toEqual([12, 18]);
});

test("without createGraph it cannot, and the graph is used up", () => {
  const x = leaf(2);
  const cube = x.pow(3);
  const [first] = gradients(cube, [x]);
  expect(first?.requiresGrad).toBe(false);
  expect(() => gradients(cube, [x])).toThrow(
    /^gradients\(1 float64\): Trying to backward through the graph a second time/,
  );
});

test("a tensor that asks for no gradient is refused as input, and as output", () => {
  const x = tensor([1], [1]);
  expect(() => gradients(leaf(1).neg(), [x])).toThrow(
    /^gradients\(1 float64\): .* does not require grad$/, // libtorch's versions name it differently
  );
  expect(() => gradients(x.neg(), [leaf(1)])).toThrow(
    "gradients(1 float32): element 0 of tensors does not require grad and does not have a grad_fn",
  );
});

test("only leaves with fractions can ask for gradients", () => {
  const computed = leaf(1).neg();
  expect(() => computed.setRequiresGrad(false)).toThrow(
    "setRequiresGrad(1 float64): expected a leaf, but this tensor was computed from one that takes gradients",
  );
  expect(() => tensor([1], [1], "int64").setRequiresGrad(true)).toThrow(
    /^setRequiresGrad\(1 int64\): only Tensors of floating point/i,
  );
});

test("without gradients nothing is kept, and the mode comes back, after a throw too, and when nested", () => {
  const x = leaf(1);
  const keepsGraph = (): boolean => x.mul(2).requiresGrad;
  expect(withoutGradients(keepsGraph)).toBe(false);
  expect(keepsGraph()).toBe(true);
  expect(() =>
    withoutGradients(() => {
      throw new Error("inside");
    }),
  ).toThrow("inside");
  expect(keepsGraph()).toBe(true);
  withoutGradients(() => {
    withoutGradients(() => undefined);
    expect(keepsGraph()).toBe(false);
  });
  expect(keepsGraph()).toBe(true);
});
