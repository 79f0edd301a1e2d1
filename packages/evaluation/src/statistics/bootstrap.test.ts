import { RandomSource } from "@multirnet/base";
import { expect, test } from "vitest";

import { bootstrapMean } from "./bootstrap.js";

test("two values: means of both, of either twice, with the shares of a coin thrown twice", () => {
  // A quarter of the means is 0, a half ½, a quarter 1: both ends lie in the outer quarters.
  expect(bootstrapMean([0, 1])).toEqual({ low: 0, high: 1 });
  expect(bootstrapMean([0, 1], 0.4)).toEqual({ low: 0.5, high: 0.5 }); // from 0.3 to 0.7
});

test("of many normal values it is the normal interval", () => {
  const random = new RandomSource("values");
  const values = Array.from({ length: 400 }, () => 5 + 2 * random.normal());
  const mean = values.reduce((a, b) => a + b) / values.length;
  const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  const { low, high } = bootstrapMean(values);
  const half = (1.96 * spread) / Math.sqrt(values.length);
  expect(low).toBeCloseTo(mean - half, 1);
  expect(high).toBeCloseTo(mean + half, 1);
  expect(Math.abs(high - low - 2 * half)).toBeLessThan(0.05 * 2 * half);
});

test("it moves and grows with the values, and is the same each time", () => {
  const values = [0.2, 0.5, 0.9, 0.4, 0.7];
  const { low, high } = bootstrapMean(values);
  const moved = bootstrapMean(values.map((value) => 10 * value + 3));
  expect(moved.low).toBeCloseTo(10 * low + 3, 10);
  expect(moved.high).toBeCloseTo(10 * high + 3, 10);
  expect(bootstrapMean(values)).toEqual({ low, high });
});

test("one value has no interval, and a confidence is a share", () => {
  expect(() => bootstrapMean([1])).toThrow();
  expect(() => bootstrapMean([1, 2], 1)).toThrow();
});
