import type { RandomSource } from "@multirnet/base";

import type { Space } from "./space.js";

/** Half the extent in mm that every lattice covers, whatever the field of view; outside it the last value goes on. */
const REACH_MM = { x: 210, y: 190, z: 160 };

/** A cubic B-spline's weights squared, summed and averaged over a cell: 151/315 an axis. */
const SPLINE_VARIANCE = (151 / 315) * (151 / 315) * (151 / 315);

/**
 * A nearly normal number from one draw: four bytes summed (Irwin and Hall), mean 0, variance 1, at most 3.45 away. Only exact
 * arithmetic, so the same on every platform.
 */
export function roughNormal(random: RandomSource): number {
  const word = random.uint32();
  const sum = (word & 255) + ((word >>> 8) & 255) + ((word >>> 16) & 255) + (word >>> 24);
  return (sum - 510) / 147.80054127099805; // √(4 · (256² − 1) / 12)
}

/**
 * Smooth noise of mean 0 and variance 1 at every voxel: a lattice of random numbers `latticeMm` apart, interpolated by uniform
 * cubic B-splines. It is fixed in space: another size of voxels samples the same noise.
 */
export function smoothNoise(space: Space, latticeMm: number, random: RandomSource): Float32Array {
  const { size } = space;
  const along = (axis: "x" | "y" | "z"): Taps => taps(space, axis, latticeMm);
  const [tx, ty, tz] = [along("x"), along("y"), along("z")];
  const lattice = new Float64Array(tx.knots * ty.knots * tz.knots);
  const scale = 1 / Math.sqrt(SPLINE_VARIANCE);
  for (let i = 0; i < lattice.length; i++) lattice[i] = roughNormal(random) * scale;

  const rows = new Float64Array(size.x * ty.knots * tz.knots);
  interpolate(lattice, rows, 1, tx, ty.knots * tz.knots);
  const planes = new Float64Array(size.x * size.y * tz.knots);
  interpolate(rows, planes, size.x, ty, tz.knots);
  const field = new Float32Array(space.count);
  interpolate(planes, field, size.x * size.y, tz, 1);
  return field;
}

interface Taps {
  readonly knots: number;
  readonly first: Int32Array; // the first of four knots for each voxel
  readonly weights: Float64Array; // four for each voxel
}

function taps({ size, spacingMm, firstMm }: Space, axis: "x" | "y" | "z", latticeMm: number): Taps {
  const knots = Math.ceil((2 * REACH_MM[axis]) / latticeMm) + 4;
  const first = new Int32Array(size[axis]);
  const weights = new Float64Array(4 * size[axis]);
  for (let i = 0; i < size[axis]; i++) {
    const at = Math.max(0, Math.min(knots - 4, (firstMm[axis] + i * spacingMm[axis] + REACH_MM[axis]) / latticeMm));
    const cell = Math.min(knots - 4, Math.floor(at));
    const t = Math.min(1, at - cell);
    first[i] = cell;
    weights[4 * i] = ((1 - t) * (1 - t) * (1 - t)) / 6;
    weights[4 * i + 1] = (3 * t * t * t - 6 * t * t + 4) / 6;
    weights[4 * i + 2] = (-3 * t * t * t + 3 * t * t + 3 * t + 1) / 6;
    weights[4 * i + 3] = (t * t * t) / 6;
  }
  return { knots, first, weights };
}

/** One axis of the interpolation: blocks of `inner` numbers lie `knots` deep in `from` and as deep as there are voxels in `to`. */
function interpolate(
  from: Float64Array,
  to: Float64Array | Float32Array,
  inner: number,
  { knots, first, weights }: Taps,
  outer: number,
): void {
  const voxels = first.length;
  for (let o = 0; o < outer; o++) {
    for (let v = 0; v < voxels; v++) {
      const w0 = weights[4 * v] as number;
      const w1 = weights[4 * v + 1] as number;
      const w2 = weights[4 * v + 2] as number;
      const w3 = weights[4 * v + 3] as number;
      let source = (o * knots + (first[v] as number)) * inner;
      let target = (o * voxels + v) * inner;
      for (const end = target + inner; target < end; target++, source++) {
        to[target] =
          w0 * (from[source] as number) +
          w1 * (from[source + inner] as number) +
          w2 * (from[source + 2 * inner] as number) +
          w3 * (from[source + 3 * inner] as number);
      }
    }
  }
}

/**
 * Smooths in place with three taps an axis, whose weights give a point spread of `sigmaMm` (up to what three taps can hold):
 * w = σ² / 2h², at most 0.22. Edges repeat.
 */
export function blur(field: Float32Array, { size, spacingMm }: Space, sigmaMm: number): void {
  const lines = [
    { step: 1, length: size.x, h: spacingMm.x },
    { step: size.x, length: size.y, h: spacingMm.y },
    { step: size.x * size.y, length: size.z, h: spacingMm.z },
  ];
  for (const { step, length, h } of lines) {
    const side = Math.min(0.22, (sigmaMm * sigmaMm) / (2 * h * h));
    const block = step * length;
    const previous = new Float32Array(step);
    for (let start = 0; start < field.length; start += block) {
      previous.set(field.subarray(start, start + step));
      for (let k = 0; k < length; k++) {
        const row = start + k * step;
        const ahead = k + 1 < length ? row + step : row;
        for (let i = 0; i < step; i++) {
          const here = field[row + i] as number;
          field[row + i] = (1 - 2 * side) * here + side * ((previous[i] as number) + (field[ahead + i] as number));
          previous[i] = here;
        }
      }
    }
  }
}
