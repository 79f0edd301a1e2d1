import { emptyRows } from "./box.js";
import { voxelMl, type Volume } from "./volume.js";

export interface HuStatistics {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
}

/** @returns the smallest, largest and mean Hounsfield unit of a scan */
export function huStatistics({ voxels }: Volume<"hounsfield">): HuStatistics {
  let min = Infinity;
  let max = -Infinity;
  let sum = 0;
  for (let i = 0; i < voxels.length; i++) {
    const hu = voxels[i] as number;
    if (hu < min) min = hu;
    if (hu > max) max = hu;
    sum += hu;
  }
  return { min, max, mean: sum / voxels.length };
}

/** @returns the volume in ml of the voxels with the given label, or of all that are not background */
export function volumeMl({ grid, voxels }: Volume<"label">, label?: number): number {
  const length = grid.size.x;
  const isEmpty = emptyRows(voxels, length);
  let count = 0;
  for (let row = 0; row < grid.size.y * grid.size.z; row++) {
    if (isEmpty(row) && label !== 0) continue;
    for (let i = row * length; i < (row + 1) * length; i++) {
      if (label === undefined ? voxels[i] !== 0 : voxels[i] === label) count++;
    }
  }
  return count * voxelMl(grid);
}

/** @returns the largest label of a mask; 0 where it holds none */
export function largestLabel({ grid, voxels }: Volume<"label">): number {
  const length = grid.size.x;
  const isEmpty = emptyRows(voxels, length);
  let most = 0;
  for (let row = 0; row < grid.size.y * grid.size.z; row++) {
    if (isEmpty(row)) continue;
    for (let i = row * length; i < (row + 1) * length; i++) most = Math.max(most, voxels[i] as number);
  }
  return most;
}
