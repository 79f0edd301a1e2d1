import { expect, test } from "vitest";

import { full } from "../generated/tensor.js";
import { conv2d, conv3d, type Tensor } from "../generated/tensor.js";
import { aboutEngine } from "../machine.js";
import { scope } from "../scope.js";
import { trace } from "./trace.js";

const ones = (shape: readonly number[]): Tensor => full(shape, 1);

test.each([
  { says: "one number for all axes", input: [2, 3, 7, 9], weight: [4, 3, 3, 3], options: { stride: 2, padding: 1 } },
  {
    says: "unequal axes",
    input: [1, 2, 9, 11, 8],
    weight: [5, 2, 2, 3, 1],
    options: { stride: [1, 2, 3], padding: [1, 0, 2], dilation: [3, 2, 1] },
  },
])("a convolution that is traced has its size, but is not done: $says", ({ input, weight, options }) => {
  scope(() => {
    const body = (): Tensor => (input.length === 4 ? conv2d : conv3d)(ones(input), ones(weight), options);
    const traced = trace(new Set(), body);
    const truth = body();
    expect(truth.abs().amax().item()).toBeGreaterThan(0);
    expect(traced?.result.shape).toEqual(truth.shape);
    expect(traced?.result.abs().amax().item()).toBe(0);
    expect(traced?.calls.map(({ op }) => op)).toEqual([
      "aten::full",
      "aten::full",
      `aten::conv${String(input.length - 2)}d`,
    ]);
  });
});

test("one by groups, and one that does not fit, are the operator's own affair", () => {
  scope(() => {
    const grouped = trace(new Set(), () => conv2d(ones([1, 4, 3, 3]), ones([4, 2, 1, 1]), { groups: 2 }));
    expect(grouped?.result.amax().item()).toBe(2);
    expect(() => trace(new Set(), () => conv2d(ones([1, 1, 2, 2]), ones([1, 1, 3, 3])))).toThrow(
      /ENGINE|[Kk]ernel size/,
    );
  });
});

test("whoever looks at elements is not traced, and nothing stays behind", () => {
  scope(() => {
    const [input, weight] = [ones([1, 1, 3, 3]), ones([1, 1, 1, 1])];
    const before = aboutEngine().liveTensors;
    const looked = scope(() => trace(new Set(), () => (conv2d(input, weight).sum(undefined).item() > 5 ? 1 : 0)));
    expect(looked).toBeUndefined();
    expect(aboutEngine().liveTensors).toBe(before);
  });
});
