import { expect, test } from "vitest";

import { gridOf, mask } from "../testing/masks.js";
import {
  averageSurfaceDistanceMm,
  averageSurfaceOverlap,
  hausdorff95Mm,
  surfaceDice,
  surfaces,
} from "./surface-distance.js";

// Unequal on purpose: a swapped axis or a forgotten spacing must change the answer.
const grid = gridOf({ x: 5, y: 7, z: 11 }, { x: 0.7, y: 0.8, z: 2.5 });
const at = { x: 2, y: 3, z: 4 };

test.each([
  { axis: "x", neighbour: { ...at, x: 3 }, stepMm: 0.7 },
  { axis: "y", neighbour: { ...at, y: 2 }, stepMm: 0.8 },
  { axis: "z", neighbour: { ...at, z: 5 }, stepMm: 2.5 },
])("surface scores of a voxel and the next along $axis are in mm", ({ neighbour, stepMm }) => {
  // Four of the eight corners are shared (0 mm) and four are one spacing away, on either side; all areas are equal.
  const pair = surfaces(mask(grid, [at]), mask(grid, [neighbour]));
  const value = (expected: number) => ({ kind: "value", value: expect.closeTo(expected, 12) });
  expect(averageSurfaceDistanceMm(pair)).toEqual(value(stepMm / 2));
  expect(hausdorff95Mm(pair)).toEqual(value(stepMm));
  expect(surfaceDice(pair, stepMm - 0.01)).toEqual(value(0.5));
  expect(surfaceDice(pair, stepMm)).toEqual(value(1));
  expect(averageSurfaceOverlap(pair, 0)).toEqual(value(0.5));
});

test("a voxel's surface is eight triangles, each an eighth of the voxel's three faces", () => {
  const { truth } = surfaces(mask(grid, [at]), mask(grid, [at]));
  const eighth = Math.hypot(0.8 * 2.5, 0.7 * 2.5, 0.7 * 0.8) / 8;
  expect([...truth.areasMm2]).toEqual(Array(8).fill(expect.closeTo(eighth, 12)));
  expect([...truth.distancesMm]).toEqual(Array(8).fill(0));
});

test("a voxel beside a bar of two, element by element", () => {
  // At 1 x 4 x 3 mm a corner of one voxel has 13/8 mm², a corner between two along x 5/2 mm². The bar has eight of the first
  // and four of the second; its far four, 13/2 mm² together, are 1 mm from the voxel, all else lies on both surfaces.
  const fine = gridOf({ x: 6, y: 3, z: 4 }, { x: 1, y: 4, z: 3 });
  const voxel = mask(fine, [{ x: 2, y: 1, z: 1 }]);
  const bar = mask(fine, [
    { x: 2, y: 1, z: 1 },
    { x: 3, y: 1, z: 1 },
  ]);
  const pair = surfaces(voxel, bar);
  const value = (expected: number) => ({ kind: "value", value: expect.closeTo(expected, 12) });
  expect(averageSurfaceDistanceMm(pair)).toEqual(value(6.5 / 36));
  expect(surfaceDice(pair, 0.5)).toEqual(value(29.5 / 36));
  expect(averageSurfaceOverlap(pair, 0.5)).toEqual(value((1 + 16.5 / 23) / 2));
  expect(hausdorff95Mm(pair)).toEqual(value(1)); // of the voxel's surface all, of the bar's only 16.5 of 23 lie within 0
});

test("the 95th percentile counts area, and takes the larger of the two directions", () => {
  const near = { distancesMm: Float64Array.of(1), areasMm2: Float64Array.of(4) };
  const surface = (areas: number[]) => ({
    distancesMm: Float64Array.of(5, 2, 0.5), // in no order
    areasMm2: Float64Array.from(areas),
  });
  expect(hausdorff95Mm({ truth: surface([1, 18, 1]), prediction: near })).toEqual({ kind: "value", value: 2 });
  expect(hausdorff95Mm({ truth: near, prediction: surface([1.1, 18, 0.9]) })).toEqual({ kind: "value", value: 5 });
  expect(hausdorff95Mm({ truth: near, prediction: surface([1, 1, 98]) })).toEqual({ kind: "value", value: 1 });
});

test("a surface without another to be compared with is infinitely far, and no score says so", () => {
  const pair = surfaces(mask(grid, [at]), mask(grid, []));
  expect([...pair.truth.distancesMm]).toEqual(Array(8).fill(Infinity));
  expect(pair.prediction.distancesMm.length).toBe(0);
  expect(averageSurfaceDistanceMm(pair)).toEqual({ kind: "undefined", because: "prediction is empty" });
  expect(hausdorff95Mm(pair)).toEqual({ kind: "undefined", because: "prediction is empty" });
  expect(surfaceDice(pair, 1)).toEqual({ kind: "value", value: 0 });
});

test.each([-1, NaN, Infinity])("a tolerance of %s mm is refused", (toleranceMm) => {
  const pair = surfaces(mask(grid, [at]), mask(grid, [at]));
  const words = `a tolerance must be a finite number of mm, 0 or more, not ${toleranceMm}`;
  expect(() => surfaceDice(pair, toleranceMm)).toThrow(words);
  expect(() => averageSurfaceOverlap(pair, toleranceMm)).toThrow(words);
});
