import { LPS_AXES, voxelCount, type Grid, type Volume } from "../volume.js";

/** Unequal on purpose: a swapped axis or a forgotten spacing must change the answer. */
export const GRID: Grid = {
  size: { x: 3, y: 4, z: 5 },
  spacingMm: { x: 0.75, y: 0.5, z: 2.5 }, // exact in 32 bits
  originMm: { x: -11, y: 23, z: -37 },
  axes: LPS_AXES,
};

/** A scan whose voxels are -1000, -990, -980, … */
export function scanOn(grid: Grid = GRID): Volume<"hounsfield"> {
  return {
    meaning: "hounsfield",
    grid,
    voxels: Float32Array.from({ length: voxelCount(grid) }, (_, i) => 10 * i - 1000),
  };
}

/** A mask with the given places set to 1. */
export function maskOn(grid: Grid, places: readonly (readonly [x: number, y: number, z: number])[]): Volume<"label"> {
  const voxels = new Uint8Array(voxelCount(grid));
  for (const [x, y, z] of places) voxels[x + grid.size.x * (y + grid.size.y * z)] = 1;
  return { meaning: "label", grid, voxels };
}
