import { expect, test } from "vitest";

import { huStatistics, largestLabel, volumeMl } from "./statistics.js";
import { GRID, maskOn, scanOn } from "./testing/patients.js";
import { LPS_AXES, type Grid } from "./volume.js";

test("the statistics of -1000, -990, …, -410", () => {
  expect(huStatistics(scanOn())).toEqual({ min: -1000, max: -410, mean: -705 });
});

test("millilitres of one label, of all labels, of none", () => {
  const mask = maskOn(GRID, [
    [0, 0, 0],
    [1, 2, 3],
    [2, 3, 4],
  ]);
  mask.voxels[0] = 2;
  expect(volumeMl(mask)).toBeCloseTo((3 * 0.9375) / 1000, 12); // one voxel is 0.75 · 0.5 · 2.5 mm³
  expect(volumeMl(mask, 1)).toBeCloseTo((2 * 0.9375) / 1000, 12);
  expect(volumeMl(mask, 3)).toBe(0);
  expect(volumeMl(maskOn(GRID, []))).toBe(0);
});

test("the largest label is found wherever it lies, in rows of any length", () => {
  for (const x of [4, 5, 8]) {
    const grid = gridOf(x);
    const voxels = new Uint8Array(x * 3 * 2);
    expect(largestLabel({ meaning: "label", grid, voxels })).toBe(0);
    voxels[0] = 2;
    voxels[voxels.length - 1] = 7;
    expect(largestLabel({ meaning: "label", grid, voxels })).toBe(7);
    expect(volumeMl({ meaning: "label", grid, voxels }, 2)).toBeCloseTo(0.001, 12);
    expect(volumeMl({ meaning: "label", grid, voxels }, 0)).toBeCloseTo((voxels.length - 2) / 1000, 12);
    expect(volumeMl({ meaning: "label", grid, voxels })).toBeCloseTo(0.002, 12);
  }
});

/** Voxels of a cubic millimetre, three rows in two slices. */
function gridOf(x: number): Grid {
  return {
    size: { x, y: 3, z: 2 },
    spacingMm: { x: 1, y: 1, z: 1 },
    originMm: { x: 0, y: 0, z: 0 },
    axes: LPS_AXES,
  };
}
