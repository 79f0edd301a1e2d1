import { RandomSource } from "@multirnet/base";
import { expect, test } from "vitest";

import { WANTED } from "../ops/table.js";
import { gradients } from "./autograd.js";
import { tensor } from "./create.js";
import { conv3d, convTranspose3d, full, type Tensor } from "./generated/tensor.js";
import { Generator } from "./generator.js";
import { scope } from "./scope.js";
import { checkGradients } from "./testing/gradient-check.js";
import { GRADIENT_CASES } from "./testing/gradient-cases.js";
import { naiveConv3d, naiveConvTranspose3d, type Numbers } from "./testing/naive-convolution.js";
import { ARITHMETIC } from "./testing/value-cases/arithmetic.js";
import { LAYERS } from "./testing/value-cases/layers.js";
import { LISTS } from "./testing/value-cases/lists.js";
import { SHAPE } from "./testing/value-cases/shape.js";

const VALUE_CASES = { ...ARITHMETIC, ...SHAPE, ...LAYERS, ...LISTS };
const namesOf = (cases: object): string[] => Object.keys(cases).sort();

test("every operator of the table has a value case, and no case is left over", () => {
  expect(namesOf(VALUE_CASES)).toEqual(WANTED.map(({ name }) => name).sort());
});

test("every differentiable operator of the table has a gradient case, and no case is left over", () => {
  const differentiable = WANTED.filter((op) => op.differentiable).map(({ name }) => name);
  expect(namesOf(GRADIENT_CASES)).toEqual(differentiable.sort());
});

const values = Object.entries(VALUE_CASES).flatMap(([op, cases]) => cases.map((item) => ({ op, ...item })));
test.each(values)("$op: $says", ({ run, shape, dtype = "float32", values }) => {
  const found = scope(() => {
    const output = run();
    return { shape: output.shape, dtype: output.dtype, values: output.toNumbers() };
  });
  expect(found).toEqual({ shape, dtype, values: values.map((value) => expect.closeTo(value, 5)) });
});

const checks = Object.entries(GRADIENT_CASES).flatMap(([op, cases]) => cases.map((item) => ({ op, ...item })));
test.each(checks)("$op has the gradient of its difference quotient: $says", ({ op, says, ...check }) => {
  const { difference, ...where } = checkGradients(check, new RandomSource("gradient check", op, says));
  expect(where.elements).toBe(check.inputs.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0));
  expect(difference, JSON.stringify(where)).toBeLessThan(1e-8);
});

test("what is not differentiable gives no gradient", () => {
  const x = tensor([1, 2, 3], [3]).setRequiresGrad(true);
  expect(x.eq(2).requiresGrad).toBe(false);
  expect(x.gt(2).requiresGrad).toBe(false);
  expect(x.argmax().requiresGrad).toBe(false);
  expect(x.detach().requiresGrad).toBe(false);
  expect(x.clone().requiresGrad).toBe(true);
});

// Sides, strides, paddings and dilations all differ, so that no swap of axes goes unseen.
const windows = [
  { says: "plain", groups: 1, stride: [1, 1, 1], padding: [0, 0, 0], dilation: [1, 1, 1], outputPadding: [0, 0, 0] },
  { says: "stride", groups: 1, stride: [1, 2, 3], padding: [0, 0, 0], dilation: [1, 1, 1], outputPadding: [0, 1, 2] },
  { says: "padding", groups: 1, stride: [1, 1, 1], padding: [2, 0, 1], dilation: [1, 1, 1], outputPadding: [0, 0, 0] },
  { says: "dilation", groups: 1, stride: [1, 1, 1], padding: [0, 0, 0], dilation: [3, 1, 2], outputPadding: [0, 0, 0] },
  {
    says: "all, in two groups",
    groups: 2,
    stride: [2, 1, 3],
    padding: [1, 2, 0],
    dilation: [1, 3, 2],
    outputPadding: [1, 0, 2],
  },
] as const;

test.each(windows)("conv3d is the sum of its definition: $says", ({ outputPadding: _, ...window }) => {
  const input = draw([2, 4, 5, 6, 7], "input");
  const weight = draw([6, 4 / window.groups, 2, 1, 3], "weight");
  const wanted = naiveConv3d(input, weight, window);
  scope(() => expectNumbers(conv3d(place(input), place(weight), window), wanted));
});

test.each(windows)("convTranspose3d is the sum of its definition: $says", (window) => {
  const input = draw([2, 4, 5, 6, 3], "input");
  const weight = draw([4, 6 / window.groups, 2, 3, 1], "weight");
  const wanted = naiveConvTranspose3d(input, weight, window);
  scope(() => expectNumbers(convTranspose3d(place(input), place(weight), window), wanted));
});

// float64 takes libtorch's plain path, float32 oneDNN's: the gradient checks above see only the first.
test.each(windows)("the gradients of a float32 convolution are those of float64: $says", (window) => {
  const { outputPadding: _, ...plain } = window;
  const both = (dtype: "float32" | "float64"): number[][] =>
    scope(() => {
      const x = place(draw([1, 4, 7, 9, 8], "input"), dtype).setRequiresGrad(true);
      const w = place(draw([8, 4 / window.groups, 2, 3, 1], "weight"), dtype).setRequiresGrad(true);
      const v = place(draw([8, 4 / window.groups, 2, 1, 3], "weight"), dtype).setRequiresGrad(true);
      const output = convTranspose3d(conv3d(x, w, plain).sigmoid(), v, window)
        .pow(2)
        .mean(undefined);
      return gradients(output, [x, w, v]).map((gradient) => (gradient as Tensor).toNumbers());
    });
  const coarse = both("float32");
  for (const [index, fine] of both("float64").entries()) {
    const scale = Math.max(...fine.map(Math.abs));
    expect(scale).toBeGreaterThan(0);
    for (const [element, value] of fine.entries())
      expect(Math.abs((coarse[index]?.[element] ?? NaN) - value)).toBeLessThan(1e-5 * scale);
  }
});

test("bernoulli draws ones as often as asked, the same for the same keys, and others for others", () => {
  const count = 100_000;
  const drawn = (...keys: string[]): number[] => {
    const generator = new Generator(new RandomSource("bernoulli", ...keys));
    return scope(() => full([count], 0).bernoulliInPlace({ p: 0.3, generator }).toNumbers());
  };
  const once = drawn("a");
  const ones = once.filter((value) => value === 1).length;
  expect(once.every((value) => value === 0 || value === 1)).toBe(true);
  expect(Math.abs(ones / count - 0.3)).toBeLessThan(5 * Math.sqrt((0.3 * 0.7) / count)); // five standard errors
  expect(drawn("a")).toEqual(once);
  expect(drawn("b")).not.toEqual(once);
});

test("a generator goes on where it was: the second draw is another", () => {
  const generator = new Generator(new RandomSource("twice"));
  const next = (): number[] => scope(() => full([64], 0).bernoulliInPlace({ p: 0.5, generator }).toNumbers());
  expect(next()).not.toEqual(next());
});

function draw(shape: readonly number[], purpose: string): Numbers {
  const random = new RandomSource("convolution", purpose, ...shape);
  return { shape, values: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()) };
}

function place({ shape, values }: Numbers, dtype: "float32" | "float64" = "float32"): Tensor {
  return tensor(values, shape, dtype);
}

function expectNumbers(found: Tensor, wanted: Numbers): void {
  expect(found.shape).toEqual(wanted.shape);
  expect(found.toNumbers()).toEqual(wanted.values.map((value) => expect.closeTo(value, 4)));
}
