import { expect, test } from "vitest";

import { elementsIn, gathered } from "./raw-tensor.js";

test("a shape holds the product of its sides, where that is a number", () => {
  expect(elementsIn([])).toBe(1);
  expect(elementsIn([2, 3, 5])).toBe(30);
  expect(elementsIn([3, 0, 5])).toBe(0);
  expect(elementsIn(Array.from({ length: 64 }, () => 1))).toBe(1);
  expect(elementsIn(Array.from({ length: 65 }, () => 1))).toBeUndefined();
  for (const none of [[-1], [1.5], [NaN], [Infinity], [2 ** 53], [2 ** 27, 2 ** 26]])
    expect(elementsIn(none)).toBeUndefined();
  // The other sides of an empty tensor are held to the same: 2⁵³ and, as a product of doubles, infinity.
  expect(elementsIn([2 ** 27, 2 ** 26, 0])).toBeUndefined();
  expect(elementsIn([0, ...Array.from({ length: 40 }, () => 2 ** 52)])).toBeUndefined();
});

test("elements are gathered by their strides", () => {
  const storage = Uint8Array.from({ length: 24 }, (_, i) => i);
  const of = (shape: number[], strides: number[], offset = 0) =>
    gathered(storage, { dtype: "int16", shape, strides, offset })?.bytes;
  // Element k of the storage has the bytes 2k and 2k + 1. Rows of 2 columns of 3, read across.
  expect(of([3, 2], [1, 3], 1)).toEqual(Uint8Array.of(2, 3, 8, 9, 4, 5, 10, 11, 6, 7, 12, 13));
  expect(of([2, 1, 3], [0, 9e15, 2], 4)).toEqual(Uint8Array.of(8, 9, 12, 13, 16, 17, 8, 9, 12, 13, 16, 17)); // repeated
  expect(of([4], [3], 2)).toEqual(Uint8Array.of(4, 5, 10, 11, 16, 17, 22, 23)); // to the last
  expect(of([4], [3], 3)).toBeUndefined(); // one beyond it
  expect(of([2, 2], [2 ** 52, 2 ** 52])).toBeUndefined();
  expect(of([], [], 11)).toEqual(Uint8Array.of(22, 23));
  expect(of([], [], 12)).toBeUndefined();
});
