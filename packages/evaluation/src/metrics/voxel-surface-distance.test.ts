import { expect, test } from "vitest";

import { gridOf, mask, maskWhere } from "../testing/masks.js";
import { averageVoxelSurfaceDistanceMm, hausdorff95VoxelMm, voxelSurfaces } from "./voxel-surface-distance.js";

const grid = gridOf({ x: 5, y: 7, z: 11 }, { x: 1, y: 4, z: 3 });

test("each surface voxel counts once, whatever the sizes of the two surfaces", () => {
  const pair = voxelSurfaces(
    mask(grid, [{ x: 2, y: 3, z: 4 }]),
    mask(grid, [
      { x: 2, y: 3, z: 4 },
      { x: 3, y: 3, z: 4 },
    ]),
  );
  expect(averageVoxelSurfaceDistanceMm(pair)).toEqual({ kind: "value", value: expect.closeTo(1 / 3, 12) }); // 0, 0, 1
  expect(hausdorff95VoxelMm(pair)).toEqual({ kind: "value", value: expect.closeTo(0.9, 12) }); // 90 % from rank 1 to 2
});

test("the inside of a cube is no surface", () => {
  // 26 voxels around a middle one, which is the other mask: from the middle the nearest is 1 mm along x.
  const cube = maskWhere(grid, ({ x, y, z }) => Math.max(Math.abs(x - 2), Math.abs(y - 3), Math.abs(z - 4)) <= 1);
  const pair = voxelSurfaces(cube, mask(grid, [{ x: 2, y: 3, z: 4 }]));
  expect(pair.truthMm.length).toBe(26);
  expect([...pair.predictionMm]).toEqual([1]);
  const faces = 2 * (1 + 4 + 3);
  const edges = 4 * (Math.hypot(1, 4) + Math.hypot(1, 3) + 5);
  const corners = 8 * Math.hypot(1, 4, 3);
  const expected = (faces + edges + corners + 1) / 27;
  expect(averageVoxelSurfaceDistanceMm(pair)).toEqual({ kind: "value", value: expect.closeTo(expected, 12) });
});

test("a mask that fills its volume has its surface at the border", () => {
  const full = maskWhere(grid, () => true);
  const pair = voxelSurfaces(full, full);
  expect(pair.truthMm.length).toBe(5 * 7 * 11 - 3 * 5 * 9);
  expect(averageVoxelSurfaceDistanceMm(pair)).toEqual({ kind: "value", value: 0 });
});
