import { OUTSIDE, voxelArray, type Grid, type Meaning, type Volume, type Xyz } from "./volume.js";
import { patientPoint } from "./grid.js";
import { xyz } from "./xyz.js";

/** A block of voxels: `size` of them on each axis, the first at `from`. It may reach past the volume that it is a box of. */
export interface Box {
  readonly from: Xyz;
  readonly size: Xyz;
}

/** @returns the box of a whole grid */
export function wholeBox({ size }: Grid): Box {
  return { from: { x: 0, y: 0, z: 0 }, size };
}

/** @returns the smallest box around all voxels that are not background, or nothing if there is none */
export function boundingBox({ grid: { size }, voxels }: Volume<"label">): Box | undefined {
  let [minX, minY, minZ] = [size.x, size.y, size.z];
  let [maxX, maxY, maxZ] = [-1, -1, -1];
  const isEmpty = emptyRows(voxels, size.x);
  for (let z = 0, row = 0; z < size.z; z++) {
    for (let y = 0; y < size.y; y++, row += size.x) {
      if (isEmpty(y + size.y * z)) continue;
      let first = 0;
      while (first < size.x && voxels[row + first] === 0) first++;
      if (first === size.x) continue;
      let last = size.x - 1;
      while (voxels[row + last] === 0) last--;
      if (first < minX) minX = first;
      if (last > maxX) maxX = last;
      if (y < minY) minY = y;
      if (y > maxY) maxY = y;
      if (z < minZ) minZ = z;
      maxZ = z;
    }
  }
  if (maxZ < 0) return undefined;
  return { from: { x: minX, y: minY, z: minZ }, size: { x: maxX - minX + 1, y: maxY - minY + 1, z: maxZ - minZ + 1 } };
}

/** @returns whether a row along x is known to be background: four voxels are looked at together, where rows begin at such */
export function emptyRows(voxels: Uint8Array, length: number): (row: number) => boolean {
  if (length % 4 !== 0 || voxels.byteOffset % 4 !== 0) return () => false;
  const fours = new Uint32Array(voxels.buffer, voxels.byteOffset, voxels.length / 4);
  const step = length / 4;
  return (row) => {
    for (let at = row * step; at < (row + 1) * step; at++) if (fours[at] !== 0) return false;
    return true;
  };
}

/**
 * Cuts a box out of a volume. What of the box lies outside the volume is filled with what lies outside a scan (`OUTSIDE`). Each
 * voxel stays where it is in the patient: the grid's origin moves to the box's first voxel.
 *
 * @param box whole numbers; it may lie partly or wholly outside
 */
export function crop<M extends Meaning>(volume: Volume<M>, box: Box): Volume<M> {
  const { grid, meaning } = volume;
  const { from, size } = box;
  const voxels = voxelArray(meaning, size.x * size.y * size.z);
  if (OUTSIDE[meaning] !== 0) voxels.fill(OUTSIDE[meaning]);
  const low = xyz((axis) => Math.max(0, -from[axis])); // the part inside, counted from the box's first voxel
  const high = xyz((axis) => Math.min(size[axis], grid.size[axis] - from[axis]));
  if (low.x < high.x) {
    for (let z = low.z; z < high.z; z++) {
      for (let y = low.y; y < high.y; y++) {
        const source = from.x + low.x + grid.size.x * (from.y + y + grid.size.y * (from.z + z));
        voxels.set(volume.voxels.subarray(source, source + high.x - low.x), low.x + size.x * (y + size.y * z));
      }
    }
  }
  return { meaning, grid: { ...grid, size, originMm: patientPoint(grid, from) }, voxels };
}

/** Moves a box no further than needed to lie inside bounds; along an axis where it is longer than they are it is centred on them. */
export function movedInside({ from, size }: Box, bounds: Box): Box {
  const start = (axis: "x" | "y" | "z"): number => {
    const spare = bounds.size[axis] - size[axis];
    if (spare < 0) return bounds.from[axis] - Math.floor(-spare / 2);
    return Math.min(Math.max(from[axis], bounds.from[axis]), bounds.from[axis] + spare);
  };
  return { from: xyz(start), size };
}

/**
 * The box of the given size whose middle is nearest to a voxel. Where the size is even the middle lies between two voxels, and
 * the centre is the one after it: size 4 around 10 is 8 to 11.
 *
 * @param centre a voxel index, fractions allowed
 */
export function regionAround(centre: Xyz, size: Xyz): Box {
  return { from: xyz((axis) => 0 + Math.ceil(centre[axis] - size[axis] / 2)), size };
}
