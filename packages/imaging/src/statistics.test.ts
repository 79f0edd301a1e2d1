import { expect, test } from "vitest";

import { huStatistics, volumeMl } from "./statistics.js";
import { GRID, maskOn, scanOn } from "./testing/patients.js";

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
