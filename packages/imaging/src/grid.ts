import { ImagingError, type NamedGrid } from "./errors.js";
import type { Grid, Xyz } from "./volume.js";
import { difference, dot, norm, xyz } from "./xyz.js";

/**
 * The most voxels that a volume may have: 4 GiB as 32-bit numbers, thirteen times a 512×512×300 scan. What asks for more is
 * refused before memory is.
 */
export const MAXIMUM_VOXELS = 2 ** 30;

/**
 * The share of a voxel that the corners of two grids may lie apart which are still called the same: headers keep places in 32-bit numbers,
 * rotations in quaternions, and some programs round what they write.
 */
const SAME_GRID_TOLERANCE_VOXELS = 0.05;

/** @returns where the (fractional) voxel index lies in the patient, in LPS mm */
export function patientPoint({ originMm, spacingMm, axes }: Grid, index: Xyz): Xyz {
  return xyz(
    (axis) =>
      originMm[axis] +
      index.x * spacingMm.x * axes.x[axis] +
      index.y * spacingMm.y * axes.y[axis] +
      index.z * spacingMm.z * axes.z[axis],
  );
}

/** @returns the (fractional) voxel index of a point in the patient given in LPS mm */
export function voxelPoint({ originMm, spacingMm, axes }: Grid, pointMm: Xyz): Xyz {
  const from = difference(pointMm, originMm);
  return xyz((axis) => dot(axes[axis], from) / spacingMm[axis]);
}

/**
 * @param toleranceVoxels how far apart the centres of corresponding corner voxels may lie along each axis, in voxels of the first grid
 * @returns whether two grids have the same size and put each voxel at the same place
 */
export function sameGrid(a: Grid, b: Grid, toleranceVoxels: number = SAME_GRID_TOLERANCE_VOXELS): boolean {
  if (!sameSize(a, b)) return false;
  return corners(a.size).every((corner) => {
    const apart = difference(voxelPoint(a, patientPoint(b, corner)), corner);
    return [apart.x, apart.y, apart.z].every((voxels) => Math.abs(voxels) <= toleranceVoxels);
  });
}

function sameSize({ size: a }: Grid, { size: b }: Grid): boolean {
  return a.x === b.x && a.y === b.y && a.z === b.z;
}

/** @returns the largest distance between corresponding corner voxels of two grids of one size; between them it is less */
export function cornerDistanceMm(a: Grid, b: Grid): number {
  const apart = corners(a.size).map((corner) => norm(difference(patientPoint(a, corner), patientPoint(b, corner))));
  return Math.max(...apart);
}

function corners(size: Xyz): Xyz[] {
  const ends = (axis: "x" | "y" | "z"): readonly number[] => [0, size[axis] - 1];
  return ends("x").flatMap((x) => ends("y").flatMap((y) => ends("z").map((z) => ({ x, y, z }))));
}

/**
 * For a mask that must lie on its scan's voxels, and the like.
 *
 * @throws ImagingError GRIDS_DIFFER, which says in what
 */
export function requireSameGrid(first: NamedGrid, second: NamedGrid): void {
  if (sameGrid(first.grid, second.grid)) return;
  const apart = sameSize(first.grid, second.grid) ? { apartMm: cornerDistanceMm(first.grid, second.grid) } : {};
  throw new ImagingError({ code: "GRIDS_DIFFER", first, second, ...apart });
}

/**
 * The grid over the same piece of space with (nearly) the given spacing: size = max(1, round(size · spacing / target)) on each
 * axis. The outer edges of the outermost voxels stay where they are, so the new spacing is the extent over the new size: at
 * most half a voxel's share off the target.
 *
 * @throws ImagingError SPACING_INVALID, VOLUME_TOO_LARGE
 */
export function gridAtSpacing(grid: Grid, spacingMm: Xyz): Grid {
  if (!isSpacing(spacingMm)) throw new ImagingError({ code: "SPACING_INVALID", spacingMm });
  const extentMm = xyz((axis) => grid.size[axis] * grid.spacingMm[axis]);
  const size = xyz((axis) => Math.max(1, Math.round(extentMm[axis] / spacingMm[axis])));
  const voxels = size.x * size.y * size.z;
  if (voxels > MAXIMUM_VOXELS) throw new ImagingError({ code: "VOLUME_TOO_LARGE", size, limit: MAXIMUM_VOXELS });
  const unchanged = xyz((axis) => (size[axis] === grid.size[axis] ? 1 : 0));
  const resultMm = xyz((axis) => (unchanged[axis] ? grid.spacingMm[axis] : extentMm[axis] / size[axis]));
  // The first centre lies half a voxel inside the edge, on either grid.
  const originMm = patientPoint(
    grid,
    xyz((axis) => (resultMm[axis] / grid.spacingMm[axis] - 1) / 2),
  );
  return { size, spacingMm: resultMm, originMm, axes: grid.axes };
}

/** @returns whether all three are finite and above 0 */
export function isSpacing(spacingMm: Xyz): boolean {
  return [spacingMm.x, spacingMm.y, spacingMm.z].every((mm) => Number.isFinite(mm) && mm > 0);
}
