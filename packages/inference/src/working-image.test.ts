import { expect, test } from "vitest";

import { gridOf, scanOf } from "./testing/scans.js";
import { toWorkingGrid, workingImage } from "./working-image.js";

test("the working grid covers the same piece of space at the spacing that was asked for, along LPS", () => {
  const grid = gridOf({ x: 10, y: 8, z: 5 }, { x: 0.75, y: 1, z: 2.5 });
  const axes = { ...grid.axes, z: { x: 0, y: 0, z: -1 } };
  const working = toWorkingGrid(
    scanOf({ ...grid, axes }, () => 0),
    { x: 1.5, y: 1, z: 2 },
  );
  expect(working.grid).toEqual({
    size: { x: 5, y: 8, z: 6 }, // 7.5, 8 and 12.5 mm
    spacingMm: { x: 1.5, y: 1, z: expect.closeTo(12.5 / 6, 12) },
    originMm: { x: -11 + 0.375, y: 23, z: expect.closeTo(-37 - 11.25 + 12.5 / 12, 9) }, // the lowest edge is at -48.25 mm
    axes: grid.axes,
  });
});

test("a working image is windowed to [0, 1] and knows where the body is", () => {
  const grid = gridOf({ x: 30, y: 20, z: 10 }, { x: 4, y: 4, z: 4 });
  const inBody = (x: number, y: number, z: number): boolean => x >= 10 && x < 22 && y >= 5 && y < 13 && z >= 2 && z < 7;
  const scan = scanOf(grid, (...at) => (inBody(...at) ? 100 : -2000));
  const windowHu = { low: -900, high: 1100 };
  const image = workingImage(scan, { spacingMm: { x: 4, y: 4, z: 4 }, windowHu });
  expect(image.body).toEqual({ from: { x: 10, y: 5, z: 2 }, size: { x: 12, y: 8, z: 5 } });
  expect(image.voxels[10 + 30 * (5 + 20 * 2)]).toBeCloseTo(0.5, 6);
  expect(image.voxels[0]).toBe(0);
});
