import { expect, test } from "vitest";

import { RandomSource } from "./random.js";

test("the same keys give the same numbers, other keys others", () => {
  const draw = (...keys: (number | string)[]): number[] =>
    Array.from({ length: 4 }, (_, i) => i && 0).map(() => new RandomSource(...keys).uint32());
  expect(draw(1, "crop", 2)).toEqual(draw(1, "crop", 2));
  expect(draw(1, "crop", 2)).not.toEqual(draw(1, "crop", 3));
  expect(draw(1)).not.toEqual(draw("1"));
});

test("a derived source does not depend on what its parent has drawn", () => {
  const parent = new RandomSource(7);
  const before = parent.derive("noise").uniform();
  parent.uniform();
  expect(parent.derive("noise").uniform()).toBe(before);
});

test("uniform numbers have the mean, variance and range of [0, 1)", () => {
  const source = new RandomSource(3, "moments");
  const count = 100_000;
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < count; i++) {
    const value = source.uniform();
    expect(value >= 0 && value < 1).toBe(true);
    sum += value;
    squares += value * value;
  }
  const mean = sum / count;
  expect(Math.abs(mean - 1 / 2)).toBeLessThan(5 * Math.sqrt(1 / 12 / count)); // five standard errors
  expect(squares / count - mean ** 2).toBeCloseTo(1 / 12, 2);
});

test("normal numbers have mean 0 and variance 1", () => {
  const source = new RandomSource("normal");
  const values = Array.from({ length: 100_000 }, () => source.normal());
  const mean = values.reduce((a, b) => a + b) / values.length;
  expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(values.length));
  expect(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length).toBeCloseTo(1, 1);
});

test("a weighted draw follows the weights and never takes a weight of 0", () => {
  const source = new RandomSource("weights");
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < 40_000; i++) {
    const index = source.weighted([1, 0, 3, 0]);
    counts[index] = (counts[index] ?? 0) + 1;
  }
  expect(counts[1]).toBe(0);
  expect(counts[3]).toBe(0);
  expect((counts[2] ?? 0) / 40_000).toBeCloseTo(0.75, 1);
});

test("a shuffle keeps every item and leaves the list alone", () => {
  const items = [1, 2, 3, 4, 5, 6, 7];
  const shuffled = new RandomSource(5).shuffled(items);
  expect([...shuffled].sort()).toEqual(items);
  expect(shuffled).not.toEqual(items);
  expect(items).toEqual([1, 2, 3, 4, 5, 6, 7]);
});
