import { expect, test } from "vitest";

import { gradients, withoutGradients } from "./autograd.js";
import { tensor } from "./create.js";
import { conv2d, conv3d, convTranspose3d, full } from "./generated/tensor.js";
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

test.each([
  ["of stride 1 over several slices", [2, 3, 2, 5, 4], 3, {}, "bfloat16"],
  ["over one slice", [2, 3, 1, 5, 4], 3, {}, "float32"],
  ["of one voxel's width", [2, 3, 5, 4, 1], 3, {}, "float32"],
  ["of stride 2", [2, 3, 4, 6, 4], 3, { stride: [2, 2, 2] }, "float32"],
  ["of stride 2 along one axis", [2, 3, 4, 6, 4], 3, { stride: [1, 2, 1] }, "float32"],
  ["with gaps between its taps", [2, 3, 4, 6, 4], 3, { dilation: [1, 1, 2] }, "float32"],
  ["of an even kernel", [2, 3, 4, 6, 4], 2, {}, "float32"],
  ["without a border", [2, 3, 4, 6, 4], 3, { padding: [0, 0, 0] }, "float32"],
] as const)("on the CPU a convolution %s runs in what oneDNN gets right", (_, shape, kernel, options, dtype) => {
  const weight = full([2, 3, kernel, kernel, kernel], 1);
  const border = [kernel >> 1, kernel >> 1, kernel >> 1] as const;
  const run = (): ReturnType<typeof tensor> => conv3d(full(shape, 1), weight, { padding: border, ...options });
  const [mixed, own] = [inMixedPrecision("cpu", run), run()];
  expect(mixed.dtype).toBe(dtype);
  expect(mixed.toDtype("float32").toArray()).toEqual(own.toArray()); // sums of ones, at most 81: exact in bfloat16
});

test("transposed convolutions on the CPU are in float32, also of what a convolution gave in bfloat16", () => {
  const [features, up] = inMixedPrecision("cpu", () => {
    const found = conv3d(full([1, 2, 2, 3, 4], 1), full([3, 2, 1, 1, 1], 1));
    return [found, convTranspose3d(found, full([3, 1, 2, 2, 2], 1), { stride: 2 })] as const;
  });
  expect(features.dtype).toBe("bfloat16");
  expect(up.dtype).toBe("float32");
  expect(new Set(up.toNumbers())).toEqual(new Set([6]));
});

test("a convolution that does not fit is refused in mixed precision as without", () => {
  const run = (): unknown => conv2d(full([2, 3], 1), full([1, 3, 3, 3], 1));
  expect(() => inMixedPrecision("cpu", run)).toThrow(/2D|4D|4-dimensional/i);
  expect(run).toThrow(/2D|4D|4-dimensional/i);
});
