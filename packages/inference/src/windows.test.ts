import { expect, test } from "vitest";

import type { Box, Xyz } from "@multirnet/imaging";

import { windowsOver, windowWeights } from "./windows.js";

/** The first places of the windows along an axis of one voxel in the others. */
function starts(from: number, length: number, window: number, overlap: number): number[] {
  const box: Box = { from: { x: from, y: 0, z: 0 }, size: { x: length, y: 1, z: 1 } };
  return windowsOver(box, { region: { x: window, y: 1, z: 1 }, overlap }).map(({ from: { x } }) => x);
}

test.each([
  { fits: "exactly", length: 8, window: 8, overlap: 0.5, expected: [5] },
  { fits: "two, side by side", length: 16, window: 8, overlap: 0, expected: [5, 13] },
  { fits: "three at half overlap", length: 16, window: 8, overlap: 0.5, expected: [5, 9, 13] },
  { fits: "one and a voxel", length: 9, window: 8, overlap: 0, expected: [5, 6] },
  {
    fits: "no whole number of strides, so they move closer",
    length: 19,
    window: 8,
    overlap: 0.5,
    expected: [5, 9, 12, 16],
  },
])("windows along a box that holds $fits", ({ length, window, overlap, expected }) => {
  expect(starts(5, length, window, overlap)).toEqual(expected);
});

test.each([
  { length: 7, expected: 5 }, // one voxel over, all of it after the box
  { length: 6, expected: 4 }, // one before, one after
  { length: 3, expected: 3 }, // two before, three after
  { length: 1, expected: 2 },
])("a box of $length voxels gets one window of 8, centred on it", ({ length, expected }) => {
  expect(starts(5, length, 8, 0.5)).toEqual([expected]);
});

test("the share that overlaps is taken to the voxel: 10 voxels at 0.8 step by 2, although 10 · (1 - 0.8) is a hair below", () => {
  expect(starts(0, 14, 10, 0.8)).toEqual([0, 2, 4]);
  expect(starts(0, 13, 10, 0.99)).toEqual([0, 1, 2, 3]); // never by less than a voxel
});

test("x is fastest, z slowest, and every window has the region's size", () => {
  const region: Xyz = { x: 4, y: 3, z: 2 };
  const windows = windowsOver({ from: { x: 0, y: 10, z: 20 }, size: { x: 8, y: 6, z: 2 } }, { region, overlap: 0 });
  expect(windows.map(({ from }) => [from.x, from.y, from.z])).toEqual([
    [0, 10, 20],
    [4, 10, 20],
    [0, 13, 20],
    [4, 13, 20],
  ]);
  for (const { size } of windows) expect(size).toEqual(region);
});

test("windows cover every voxel, stay inside a box that is no shorter, and are no further apart than the overlap allows", () => {
  for (const window of [1, 2, 5, 8]) {
    for (const overlap of [0, 0.25, 0.5, 0.9]) {
      for (let length = 1; length <= 40; length++) {
        const places = starts(-3, length, window, overlap);
        const covered = new Set(places.flatMap((place) => Array.from({ length: window }, (_, i) => place + i)));
        const box = Array.from({ length }, (_, i) => i - 3);
        expect(box.filter((at) => !covered.has(at))).toEqual([]);
        const steps = places.slice(1).map((place, i) => place - (places[i] ?? 0));
        expect(Math.max(1, ...steps)).toBeLessThanOrEqual(Math.max(1, window * (1 - overlap)));
        if (length < window) continue;
        expect([places[0], (places.at(-1) ?? 0) + window]).toEqual([-3, length - 3]);
      }
    }
  }
});

test("weights are the product of a Gaussian along each axis, of σ = 1/8 of its length", () => {
  // Along x: 4 voxels, σ = 0.5, 1.5 and 0.5 voxels from the centre: exp(-4.5) and exp(-0.5). Along y: 1 voxel. Along z: 3 voxels,
  // σ = 0.375, one voxel from the centre: exp(-0.5 / 0.375²) = exp(-32 / 9).
  const [edge, middle, above] = [Math.exp(-4.5), Math.exp(-0.5), Math.exp(-32 / 9)];
  const row = [edge, middle, middle, edge];
  const expected = [...row.map((w) => w * above), ...row, ...row.map((w) => w * above)].map((w) => Math.max(w, 1e-3));
  const weights = windowWeights({ x: 4, y: 1, z: 3 });
  expect(weights.length).toBe(12);
  for (const [i, weight] of weights.entries()) expect(weight).toBeCloseTo(expected[i] ?? 0, 7);
  expect(edge * above).toBeLessThan(1e-3); // so the floor was needed
});

test("weights are positive, at most 1, largest in the centre and the same from either end", () => {
  const size = { x: 9, y: 6, z: 5 };
  const weights = windowWeights(size);
  expect(Math.min(...weights)).toBeCloseTo(1e-3, 9);
  expect(Math.max(...weights)).toBeLessThanOrEqual(1);
  expect([...weights].reverse()).toEqual([...weights]);
  expect(weights.indexOf(Math.max(...weights))).toBe(4 + size.x * (2 + size.y * 2)); // of the two middles in y, the first
});
