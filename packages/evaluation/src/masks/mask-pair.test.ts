import type { Grid, Xyz } from "@multirnet/imaging";
import { expect, test } from "vitest";

import { gridOf, mask } from "../testing/masks.js";
import { labelMask } from "./label-mask.js";
import { maskPair } from "./mask-pair.js";

const grid = gridOf({ x: 5, y: 7, z: 11 }, { x: 0.7, y: 0.8, z: 2.5 });
const somewhere = [{ x: 2, y: 3, z: 4 }];
const shared = "the truth and the prediction are not on the same grid: the truth has";

test("a pair is cut to the box of both masks with one voxel of background around it", () => {
  const pair = maskPair(mask(grid, [{ x: 0, y: 3, z: 10 }], 2), mask(grid, [{ x: 1, y: 3, z: 8 }], 9));
  expect(pair.grid.size).toEqual({ x: 4, y: 3, z: 5 });
  expect(pair.grid.originMm).toEqual({ x: -0.7, y: 2 * 0.8, z: 7 * 2.5 });
  expect([pair.truthVoxels, pair.predictionVoxels, pair.sharedVoxels]).toEqual([1, 1, 0]);
  expect(pair.truth.indexOf(1)).toBe(1 + 4 * (1 + 3 * 3));
  expect(pair.prediction.indexOf(1)).toBe(2 + 4 * (1 + 3 * 1));
});

test("two empty masks make an empty pair", () => {
  const pair = maskPair(mask(grid, []), mask(grid, []));
  expect([pair.truth.length, pair.truthVoxels, pair.predictionVoxels]).toEqual([0, 0, 0]);
});

test.each<[string, Grid, string]>([
  ["size", gridOf({ x: 5, y: 11, z: 7 }, grid.spacingMm), "5×7×11 voxels, the prediction has 5×11×7 voxels"],
  [
    "spacing",
    gridOf(grid.size, { x: 0.7, y: 0.8, z: 2.6 }),
    "(0.7, 0.8, 2.5) mm between voxels, the prediction has (0.7, 0.8, 2.6) mm between voxels",
  ],
  [
    "origin",
    { ...grid, originMm: { x: 0.1, y: 0, z: 0 } },
    "its first voxel at (0, 0, 0) mm, the prediction has its first voxel at (0.1, 0, 0) mm",
  ],
  [
    "direction",
    { ...grid, axes: { ...grid.axes, y: { x: 0, y: -1, z: 0 } } },
    "the axes (1, 0, 0), (0, 1, 0), (0, 0, 1), the prediction has the axes (1, 0, 0), (0, -1, 0), (0, 0, 1)",
  ],
])("masks whose grids differ in %s are refused with both", (_, other, words) => {
  expect(() => maskPair(mask(grid, somewhere), mask(other, []))).toThrow(
    expect.objectContaining({ code: "GRIDS_DIFFER", message: `${shared} ${words}` }),
  );
});

test("what a 32-bit header loses does not part two grids", () => {
  const stored = (triple: Xyz): Xyz => ({
    x: Math.fround(triple.x),
    y: Math.fround(triple.y),
    z: Math.fround(triple.z),
  });
  const other = { ...grid, spacingMm: stored(grid.spacingMm), originMm: { x: 1e-4, y: 0, z: -1e-4 } };
  expect(maskPair(mask(grid, somewhere), mask(other, somewhere)).sharedVoxels).toBe(1);
});

test("a grid that promises other voxels than there are is refused", () => {
  const short = { ...mask(grid, []), voxels: new Uint8Array(384) };
  expect(() => maskPair(mask(grid, []), short)).toThrow("the prediction mask has 384 voxels, but its grid says 385");
});

test.each([0, -1, NaN, Infinity])("a spacing of %s mm is refused", (y) => {
  const flat = gridOf(grid.size, { x: 1, y, z: 1 });
  expect(() => maskPair(mask(flat, []), mask(flat, []))).toThrow(
    `spacing of the truth mask along y must be a finite number of mm above 0, not ${y}`,
  );
});

test("a label picks its own voxels, no label picks all that are not background", () => {
  const volume = { ...mask(grid, []), voxels: Uint8Array.from({ length: 385 }, (_, i) => i % 4) };
  expect([...labelMask(volume, 3).voxels.slice(0, 8)]).toEqual([0, 0, 0, 1, 0, 0, 0, 1]);
  expect([...labelMask(volume).voxels.slice(0, 8)]).toEqual([0, 1, 1, 1, 0, 1, 1, 1]);
});

test.each([0, 256, 1.5, NaN])("%s is no label", (label) => {
  expect(() => labelMask(mask(grid, []), label)).toThrow(
    `a label must be a whole number from 1 to 255, not ${label} (0 is the background)`,
  );
});
