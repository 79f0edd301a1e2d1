import type { RandomSource } from "@multirnet/base";

import { LPS_AXES, type Grid, type Xyz } from "../volume.js";

/**
 * The voxels of one phantom in chest coordinates: millimetres from the middle of the chest, along the fixed patient axes (x to
 * the left, y to the back, z to the head). All shapes are drawn in these, so that the same case has the same anatomy at any size.
 */
export interface Space {
  readonly size: Xyz;
  readonly spacingMm: Xyz;
  readonly firstMm: Xyz; // centre of voxel (0, 0, 0)
  readonly count: number;
  readonly edgeMm: number; // mean edge of a voxel: the width over which an edge is smeared by partial volume
}

/** Steps of spacing and origin, exact in binary: a file that stores them as 32-bit floats loses nothing. */
const STEP_MM = 1 / 256;

/**
 * Lays `size` voxels over a field of view: in plane they are square, as a scanner's are, and the tighter axis decides.
 *
 * @param fieldMm the field of view; in plane it is exceeded where the size has other proportions
 * @param offsetMm where the middle of the field lies in chest coordinates
 */
export function spaceOver(fieldMm: Xyz, offsetMm: Xyz, size: Xyz): Space {
  const step = (mm: number): number => Math.max(1, Math.round(mm / STEP_MM)) * STEP_MM;
  const inPlane = step(Math.max(fieldMm.x / size.x, fieldMm.y / size.y));
  const spacingMm = { x: inPlane, y: inPlane, z: step(fieldMm.z / size.z) };
  const first = (axis: keyof Xyz): number => offsetMm[axis] - ((size[axis] - 1) / 2) * spacingMm[axis];
  return {
    size,
    spacingMm,
    firstMm: { x: first("x"), y: first("y"), z: first("z") },
    count: size.x * size.y * size.z,
    edgeMm: (spacingMm.x + spacingMm.y + spacingMm.z) / 3,
  };
}

/** @returns the grid of these voxels for a patient who lies somewhere on the scanner's table */
export function gridOf(space: Space, table: RandomSource): Grid {
  const place = (mm: number, low: number, high: number): number =>
    Math.round((mm + table.between(low, high)) / STEP_MM) * STEP_MM;
  const originMm = {
    x: place(space.firstMm.x, -12, 12),
    y: place(space.firstMm.y, -190, -120),
    z: place(space.firstMm.z, -900, 400),
  };
  return { size: space.size, spacingMm: space.spacingMm, originMm, axes: LPS_AXES };
}

/** @returns chest coordinates in mm of the voxel with this place in the arrays */
export function xOf({ size, spacingMm, firstMm }: Space, at: number): number {
  return firstMm.x + (at % size.x) * spacingMm.x;
}

export function yOf({ size, spacingMm, firstMm }: Space, at: number): number {
  return firstMm.y + (Math.floor(at / size.x) % size.y) * spacingMm.y;
}

export function zOf({ size, spacingMm, firstMm }: Space, at: number): number {
  return firstMm.z + Math.floor(at / (size.x * size.y)) * spacingMm.z;
}
