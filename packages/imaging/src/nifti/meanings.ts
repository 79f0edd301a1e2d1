import { ImagingError } from "../errors.js";
import { OUTSIDE, voxelArray, type Meaning, type VoxelArrays, type Xyz } from "../volume.js";
import type { StoredVoxels } from "./stored.js";

/** value = stored · slope + intercept */
export interface Scale {
  readonly slope: number;
  readonly intercept: number;
}

/**
 * Turns stored numbers into voxels of a meaning, part by part.
 *
 * Hounsfield units and probabilities that are not finite become what lies outside a scan, and a warning counts them. Labels
 * must be whole numbers from 0 to 255, probabilities lie in [0, 1] (rounding aside).
 */
export class Interpreter<M extends Meaning> {
  readonly voxels: VoxelArrays[M];
  readonly #meaning: M;
  readonly #scale: Scale;
  #filled = 0;
  #notFinite = 0;
  #wrong: WrongVoxel | undefined; // the first that is no label

  constructor(meaning: M, count: number, scale: Scale) {
    this.voxels = voxelArray(meaning, count);
    this.#meaning = meaning;
    this.#scale = scale;
  }

  /** The next voxels. */
  add(stored: StoredVoxels): void {
    const out = this.voxels.subarray(this.#filled, this.#filled + stored.length);
    if (out instanceof Uint8Array) {
      const wrong = this.#wrong === undefined ? fillLabels(stored, this.#scale, out) : undefined;
      if (wrong !== undefined) this.#wrong = { ...wrong, index: wrong.index + this.#filled };
    } else this.#notFinite += fillNumbers(stored, this.#scale, out, OUTSIDE[this.#meaning]);
    this.#filled += stored.length;
  }

  /**
   * When all have come. @returns warnings
   *
   * @throws ImagingError LABEL_INVALID, PROBABILITY_INVALID
   */
  finish(size: Xyz, path: string): readonly string[] {
    const { voxels } = this;
    if (this.#wrong !== undefined) {
      const { value, index } = this.#wrong;
      throw new ImagingError({ code: "LABEL_INVALID", path, value, at: placeOf(index, size) });
    }
    if (this.#meaning === "probability" && voxels instanceof Float32Array) {
      const wrong = firstOutside(voxels);
      if (wrong >= 0) {
        const value = voxels[wrong] as number;
        throw new ImagingError({ code: "PROBABILITY_INVALID", path, value, at: placeOf(wrong, size) });
      }
    }
    const outside = OUTSIDE[this.#meaning];
    const replaced = `${this.#notFinite} of ${voxels.length} voxels are not finite numbers: taken as ${outside}`;
    return this.#notFinite > 0 ? [replaced] : [];
  }
}

/** @returns the voxel with a place in the array, x fastest */
export function placeOf(index: number, size: Xyz): Xyz {
  const x = index % size.x;
  const y = ((index - x) / size.x) % size.y;
  return { x, y, z: Math.floor(index / (size.x * size.y)) };
}

/** @returns how many were not finite */
function fillNumbers(stored: StoredVoxels, { slope, intercept }: Scale, out: Float32Array, outside: number): number {
  const floats = stored instanceof Float32Array || stored instanceof Float64Array;
  const plain = slope === 1 && intercept === 0;
  if (plain || isExactIn32Bits(stored)) {
    out.set(stored); // the engine's own loop, whatever the kind
    if (plain && !floats) return 0;
    return replaced(out, outside, plain ? sumOfNothings(out) : scaleInPlace(out, slope, intercept));
  }
  return replaced(out, outside, scaleWide(stored, slope, intercept, out));
}

function isExactIn32Bits(stored: StoredVoxels): boolean {
  return !(stored instanceof Float64Array || stored instanceof Uint32Array || stored instanceof Int32Array);
}

/** @returns 0 where all are finite */
function scaleInPlace(out: Float32Array, slope: number, intercept: number): number {
  let nothing = 0;
  for (let i = 0; i < out.length; i++) {
    const value = Math.fround((out[i] as number) * slope + intercept);
    out[i] = value;
    nothing += value - value;
  }
  return nothing;
}

/** Kinds with more digits than a 32-bit float: scaled before they are rounded. @returns 0 where all are finite */
function scaleWide(stored: StoredVoxels, slope: number, intercept: number, out: Float32Array): number {
  let nothing = 0;
  for (let i = 0; i < out.length; i++) {
    const value = Math.fround((stored[i] as number) * slope + intercept);
    out[i] = value;
    nothing += value - value;
  }
  return nothing;
}

function sumOfNothings(values: Float32Array): number {
  let nothing = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    nothing += value - value;
  }
  return nothing;
}

/** Replaces what is not finite, if `nothing` tells that there is any. @returns how many there were */
function replaced(out: Float32Array, outside: number, nothing: number): number {
  if (nothing === 0) return 0;
  let count = 0;
  for (let i = 0; i < out.length; i++) {
    if (Number.isFinite(out[i])) continue;
    out[i] = outside;
    count++;
  }
  return count;
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
