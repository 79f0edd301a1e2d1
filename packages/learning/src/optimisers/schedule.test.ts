import { expect, test } from "vitest";

import { rateFactor } from "./schedule.js";

test("a constant rate stays", () => {
  for (const progress of [0, 0.5, 0.999]) expect(rateFactor("constant", progress)).toBe(1);
});

test("the polynomial one starts whole, falls by (1 − t)^0.9, and ends just above nothing", () => {
  expect(rateFactor("poly", 0)).toBe(1);
  expect(rateFactor("poly", 0.5)).toBeCloseTo(0.5358867, 7); // 2^−0.9
  expect(rateFactor("poly", 0.9)).toBeCloseTo(0.1258925, 7); // 10^−0.9
  expect(rateFactor("poly", 0.999)).toBeGreaterThan(0);
});
