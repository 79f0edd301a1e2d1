import { expect, test } from "vitest";

import { thickened } from "./slice-thickness.js";

const column = (...values: readonly number[]): Float32Array => Float32Array.from(values);

test("twice as thick: means of two, and between their middles a line", () => {
  // Thick slices 1 and 5, with middles at 1 and 3 of the thin ones' edges; thin middles at ½, 1½, 2½, 3½.
  const result = thickened(column(0, 2, 4, 6), { x: 1, y: 1, z: 4 }, 2);
  expect([...result]).toEqual([1, 2, 4, 5].map((value) => expect.closeTo(value, 6)));
});

test("thick slices that end inside thin ones take their share of them", () => {
  // Two of 1½ fill three: means (0 + ½·3) / 1½ = 1 and (½·3 + 9) / 1½ = 7, middles at ¾ and 2¼.
  const result = thickened(column(0, 3, 9), { x: 1, y: 1, z: 3 }, 1.6);
  expect([...result]).toEqual([1, 4, 7].map((value) => expect.closeTo(value, 6)));
});

test("each column by itself, and a scan that is even along z stays", () => {
  const size = { x: 3, y: 2, z: 5 };
  const image = Float32Array.from({ length: 30 }, (_, i) => i % 6);
  expect([...thickened(image, size, 2.4)]).toEqual([...image].map((value) => expect.closeTo(value, 5)));
});

test("thicker than the scan is one slice, and as thick as its own is the scan", () => {
  expect([...thickened(column(1, 2, 6), { x: 1, y: 1, z: 3 }, 9)]).toEqual([3, 3, 3]);
  expect([...thickened(column(1, 2, 6), { x: 1, y: 1, z: 3 }, 1.1)]).toEqual([1, 2, 6]);
});
