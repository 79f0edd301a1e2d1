import { expect, test } from "vitest";

import { gradients, withoutGradients } from "./autograd.js";
import { tensor } from "./create.js";
import { inMixedPrecision, mixesPrecision } from "./mixed-precision.js";

// 1 + 2⁻⁹ is no bfloat16: it is rounded to 1, which has an even last bit.
const left = (): ReturnType<typeof tensor> => tensor([1 + 2 ** -9, 2, 3, 4, 5, 6], [2, 3]);
const right = (): ReturnType<typeof tensor> => tensor([1, 0, 0, 1, 1, 1], [3, 2]);

test("products are in bfloat16, sums are not", () => {
  const [product, sum] = inMixedPrecision("cpu", () => [left().matmul(right()), left().add(1)] as const);
  expect(product.dtype).toBe("bfloat16");
  expect(product.toDtype("float32").toNumbers()).toEqual([4, 5, 10, 11]); // 1 for 1 + 2⁻⁹
  expect(sum.dtype).toBe("float32");
  expect(sum.toNumbers()[0]).toBe(2 + 2 ** -9);
});

test("gradients have their leaf's type, and are those of what was rounded", () => {
  const a = left().setRequiresGrad(true);
  const product = inMixedPrecision("cpu", () => a.matmul(right()));
  const [gradient] = gradients(product.toDtype("float32"), [a]);
  expect(gradient?.dtype).toBe("float32");
  expect(gradient?.toNumbers()).toEqual([1, 1, 2, 1, 1, 2]); // sums of the rows of the right
});

test("it ends with its body, also with one that throws, and one within another ends by itself", () => {
  expect(mixesPrecision("cpu")).toBe(false);
  inMixedPrecision("cpu", () => {
    inMixedPrecision("cpu", () => undefined);
    expect(mixesPrecision("cpu")).toBe(true);
  });
  expect(() =>
    inMixedPrecision("cpu", () => {
      throw new Error("within");
    }),
  ).toThrow("within");
  expect(mixesPrecision("cpu")).toBe(false);
  expect(left().matmul(right()).dtype).toBe("float32");
});

test("a weight that changed is seen: what was rounded before is forgotten", () => {
  const weight = right().setRequiresGrad(true);
  const run = (): number[] => inMixedPrecision("cpu", () => left().matmul(weight).toDtype("float32")).toNumbers();
  expect(run()).toEqual([4, 5, 10, 11]);
  withoutGradients(() => weight.copyInPlace(tensor([0, 0, 0, 0, 0, 0], [3, 2])));
  expect(run()).toEqual([0, 0, 0, 0]);
});
