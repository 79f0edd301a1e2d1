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
  let count = 0;
  if (label === undefined) {
    for (let i = 0; i < voxels.length; i++) if (voxels[i] !== 0) count++;
  } else {
    for (let i = 0; i < voxels.length; i++) if (voxels[i] === label) count++;
  }
  return count * voxelMl(grid);
}
