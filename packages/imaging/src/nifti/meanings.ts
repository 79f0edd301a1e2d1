import { ImagingError } from "../errors.js";
import { OUTSIDE, voxelArray, type Meaning, type VoxelArrays, type Xyz } from "../volume.js";
import type { StoredVoxels } from "./stored.js";

/** value = stored · slope + intercept */
export interface Scale {
  readonly slope: number;
  readonly intercept: number;
}

/** What a reader made of stored voxels. */
export interface Interpreted<M extends Meaning> {
  readonly voxels: VoxelArrays[M];
  readonly warnings: readonly string[];
}

/**
 * Turns stored numbers into voxels of a meaning.
 *
 * Hounsfield units and probabilities that are not finite become what lies outside a scan, and a warning counts them. Labels
 * must be whole numbers from 0 to 255, probabilities lie in [0, 1] (rounding aside).
 *
 * @throws ImagingError LABEL_INVALID, PROBABILITY_INVALID
 */
export function interpreted<M extends Meaning>(
  stored: StoredVoxels,
  scale: Scale,
  meaning: M,
  size: Xyz,
  path: string,
): Interpreted<M> {
  const voxels = voxelArray(meaning, stored.length);
  if (voxels instanceof Uint8Array) {
    const wrong = fillLabels(stored, scale, voxels);
    if (wrong) {
      throw new ImagingError({ code: "LABEL_INVALID", path, value: wrong.value, at: placeOf(wrong.index, size) });
    }
    return { voxels, warnings: [] };
  }
  const notFinite = fillNumbers(stored, scale, voxels, OUTSIDE[meaning]);
  if (meaning === "probability") {
    const wrong = firstOutside(voxels);
    if (wrong >= 0) {
      const value = voxels[wrong] as number;
      throw new ImagingError({ code: "PROBABILITY_INVALID", path, value, at: placeOf(wrong, size) });
    }
  }
  const replaced = `${notFinite} of ${voxels.length} voxels are not finite numbers: taken as ${OUTSIDE[meaning]}`;
  return { voxels, warnings: notFinite > 0 ? [replaced] : [] };
}

/** @returns the voxel with a place in the array, x fastest */
export function placeOf(index: number, size: Xyz): Xyz {
  const x = index % size.x;
  const y = ((index - x) / size.x) % size.y;
  return { x, y, z: Math.floor(index / (size.x * size.y)) };
}

/** @returns how many were not finite */
function fillNumbers(stored: StoredVoxels, { slope, intercept }: Scale, out: Float32Array, outside: number): number {
  const plain = slope === 1 && intercept === 0;
  if (plain || isExactIn32Bits(stored)) {
    out.set(stored); // the engine's own loop, whatever the kind
    if (plain && !(stored instanceof Float32Array || stored instanceof Float64Array)) return 0;
    return scaleInPlace(out, slope, intercept, outside);
  }
  return scaleWide(stored, slope, intercept, out, outside);
}

function isExactIn32Bits(stored: StoredVoxels): boolean {
  return !(stored instanceof Float64Array || stored instanceof Uint32Array || stored instanceof Int32Array);
}

function scaleInPlace(out: Float32Array, slope: number, intercept: number, outside: number): number {
  let notFinite = 0;
  for (let i = 0; i < out.length; i++) {
    const value = Math.fround((out[i] as number) * slope + intercept);
    if (value - value === 0) {
      out[i] = value;
    } else {
      out[i] = outside;
      notFinite++;
    }
  }
  return notFinite;
}

/** Kinds with more digits than a 32-bit float: scaled before they are rounded. */
function scaleWide(stored: StoredVoxels, slope: number, intercept: number, out: Float32Array, outside: number): number {
  let notFinite = 0;
  for (let i = 0; i < out.length; i++) {
    const value = Math.fround((stored[i] as number) * slope + intercept);
    if (value - value === 0) {
      out[i] = value;
    } else {
      out[i] = outside;
      notFinite++;
    }
  }
  return notFinite;
}

interface WrongVoxel {
  readonly index: number;
  readonly value: number;
}

/** @returns the first voxel that is no label */
function fillLabels(stored: StoredVoxels, { slope, intercept }: Scale, out: Uint8Array): WrongVoxel | undefined {
  const plain = slope === 1 && intercept === 0;
  if (plain && stored instanceof Uint8Array) {
    out.set(stored);
    return undefined;
  }
  for (let i = 0; i < out.length; i++) {
    const value = (stored[i] as number) * slope + intercept;
    out[i] = value; // keeps the low eight bits of the whole part
    if (out[i] !== value) return { index: i, value };
  }
  return undefined;
}

const ROUNDING = 1e-6;

/** Clips what rounding left outside [0, 1]. @returns the index of the first voxel that is further outside, or -1 */
function firstOutside(voxels: Float32Array): number {
  for (let i = 0; i < voxels.length; i++) {
    const value = voxels[i] as number;
    if (value >= 0 && value <= 1) continue;
    if (value < -ROUNDING || value > 1 + ROUNDING) return i;
    voxels[i] = value < 0 ? 0 : 1;
  }
  return -1;
}
