/** A triple along the three grid axes, named so that nobody has to remember an order. */
export interface Xyz {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

/**
 * Where voxels lie in the patient, in DICOM's LPS millimetres (x to the patient's left, y to the back, z to the head): the
 * centre of voxel (i, j, k) is `originMm + i·spacingMm.x·axes.x + j·spacingMm.y·axes.y + k·spacingMm.z·axes.z`.
 */
export interface Grid {
  readonly size: Xyz; // voxels
  readonly spacingMm: Xyz; // centre to centre
  readonly originMm: Xyz; // centre of voxel (0, 0, 0)
  readonly axes: { readonly x: Xyz; readonly y: Xyz; readonly z: Xyz }; // orthonormal directions
}

/** What a voxel means fixes how it is stored, padded and resampled. */
export interface VoxelArrays {
  hounsfield: Float32Array; // air -1000, water 0
  probability: Float32Array; // [0, 1]
  label: Uint8Array; // 0 is background
}
export type Meaning = keyof VoxelArrays;

export interface Volume<M extends Meaning = Meaning> {
  readonly meaning: M;
  readonly grid: Grid;
  readonly voxels: VoxelArrays[M]; // x fastest, then y, then z
}

/** What lies outside a scan: air, no lesion, background. */
export const OUTSIDE: { readonly [M in Meaning]: number } = { hounsfield: -1000, probability: 0, label: 0 };

/** The identity directions: x to the left, y to the back, z to the head. */
export const LPS_AXES: Grid["axes"] = { x: { x: 1, y: 0, z: 0 }, y: { x: 0, y: 1, z: 0 }, z: { x: 0, y: 0, z: 1 } };

/** @returns the number of voxels of a grid */
export function voxelCount({ size }: Grid): number {
  return size.x * size.y * size.z;
}

/** @returns the place of voxel (x, y, z) in `voxels` */
export function voxelIndex({ size }: Grid, { x, y, z }: Xyz): number {
  return x + size.x * (y + size.y * z);
}

/** @returns the volume of one voxel in mm³ */
export function voxelVolumeMm3({ spacingMm }: Grid): number {
  return spacingMm.x * spacingMm.y * spacingMm.z;
}

/** @returns the volume of one voxel in ml; 1 ml is 1000 mm³ */
export function voxelMl(grid: Grid): number {
  return voxelVolumeMm3(grid) / 1000;
}

/** @returns an empty array for `count` voxels of the given meaning */
export function voxelArray<M extends Meaning>(meaning: M, count: number): VoxelArrays[M] {
  const make: { [K in Meaning]: (count: number) => VoxelArrays[K] } = {
    hounsfield: (n) => new Float32Array(n),
    probability: (n) => new Float32Array(n),
    label: (n) => new Uint8Array(n),
  };
  return make[meaning](count);
}
