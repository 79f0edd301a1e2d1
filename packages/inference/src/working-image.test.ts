import { expect, test } from "vitest";

import { gridOf, scanOf } from "./testing/scans.js";
import { toWorkingGrid, workingImage, workingSpacing } from "./working-image.js";

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
  const image = workingImage(scan, { x: 4, y: 4, z: 4 }, windowHu);
  expect(image.body).toEqual({ from: { x: 10, y: 5, z: 2 }, size: { x: 12, y: 8, z: 5 } });
  expect(image.voxels[10 + 30 * (5 + 20 * 2)]).toBeCloseTo(0.5, 6);
  expect(image.voxels[0]).toBe(0);
});

test("an axis that is fitted has as many voxels as the region, whatever the scan's size and orientation, and is tiled as a whole", () => {
  const grid = gridOf({ x: 40, y: 10, z: 30 }, { x: 0.5, y: 4, z: 1 });
  const axes = { x: grid.axes.x, y: grid.axes.z, z: grid.axes.y }; // stored with the long axis second: 40 along left, 30 back, 10 head
  const inBody = (x: number, y: number, z: number): boolean => x >= 8 && x < 24 && y >= 2 && y < 8 && z >= 6 && z < 18;
  const scan = scanOf({ ...grid, axes }, (...at) => (inBody(...at) ? 100 : -1000));
  const spacing = workingSpacing({ spacingMm: { x: "fit", y: "fit", z: 4 }, region: { x: 16, y: 24, z: 1 } });
  expect(spacing).toEqual({ x: { voxels: 16 }, y: { voxels: 24 }, z: 4 });
  const image = workingImage(scan, spacing, { low: -1000, high: 400 });
  expect(image.grid.size).toEqual({ x: 16, y: 24, z: 10 });
  expect(image.grid.spacingMm).toEqual({ x: 20 / 16, y: 30 / 24, z: 4 });
  expect(image.body).toEqual({ from: { x: 0, y: 0, z: 2 }, size: { x: 16, y: 24, z: 6 } });
});
