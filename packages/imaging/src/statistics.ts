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
  let even = 0;
  let odd = 0; // two sums: one would wait for each addition
  for (let i = 0; i + 1 < voxels.length; i += 2) {
    const a = voxels[i] as number;
    const b = voxels[i + 1] as number;
    if (a < min) min = a;
    if (b < min) min = b;
    if (a > max) max = a;
    if (b > max) max = b;
    even += a;
    odd += b;
  }
  if (voxels.length % 2 === 1) {
    const last = voxels.at(-1) as number;
    min = Math.min(min, last);
    max = Math.max(max, last);
    even += last;
  }
  return { min, max, mean: (even + odd) / voxels.length };
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
