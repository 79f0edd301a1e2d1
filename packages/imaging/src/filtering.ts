import type { Xyz } from "./volume.js";

/** What a line becomes: place i of the result is the sum of `taps` elements of the line, those of `at` times their `weight`, from i · taps on. */
export interface LineFilter {
  readonly taps: number;
  readonly at: Int32Array;
  readonly weight: Float64Array;
}

/**
 * Filters a volume along x, then y, then z, each on what the one before left: where lines become shorter, there is less to do with each.
 *
 * @param size of the volume; that of the result is what the filters give
 */
export function filtered(
  voxels: Float32Array,
  size: Xyz,
  filters: { readonly x: LineFilter; readonly y: LineFilter; readonly z: LineFilter },
): Float32Array {
  const alongX = filteredRows(voxels, size.y * size.z, size.x, filters.x);
  const width = lengthOf(filters.x);
  const alongY = filteredAcross(alongX, { blocks: size.z, lines: size.y, length: width }, filters.y);
  const plane = width * lengthOf(filters.y);
  return filteredAcross(alongY, { blocks: 1, lines: size.z, length: plane }, filters.z);
}

function lengthOf({ at, taps }: LineFilter): number {
  return at.length / taps;
}

function filteredRows(voxels: Float32Array, rows: number, length: number, filter: LineFilter): Float32Array {
  const { taps, at, weight } = filter;
  const count = lengthOf(filter);
  const out = new Float32Array(rows * count);
  for (let row = 0, to = 0; row < rows; row++) {
    const from = row * length;
    for (let i = 0, tap = 0; i < count; i++) {
      let sum = 0;
      for (const end = tap + taps; tap < end; tap++)
        sum += (weight[tap] as number) * (voxels[from + (at[tap] as number)] as number);
      out[to++] = sum;
    }
  }
  return out;
}

const CHUNK = 2048; // elements summed at a time: their sums stay in the nearest cache

/** Blocks of lines of `length` elements side by side: each line that comes out is a sum of whole lines. */
function filteredAcross(
  voxels: Float32Array,
  { blocks, lines, length }: { readonly blocks: number; readonly lines: number; readonly length: number },
  filter: LineFilter,
): Float32Array {
  const { taps, at, weight } = filter;
  const count = lengthOf(filter);
  const out = new Float32Array(blocks * count * length);
  const sums = new Float64Array(Math.min(CHUNK, length));
  for (let block = 0; block < blocks; block++) {
    for (let i = 0; i < count; i++) {
      for (let chunk = 0; chunk < length; chunk += CHUNK) {
        const some = Math.min(CHUNK, length - chunk);
        for (let tap = 0; tap < taps; tap++) {
          const from = (block * lines + (at[i * taps + tap] as number)) * length + chunk;
          const factor = weight[i * taps + tap] as number;
          if (tap === 0) for (let e = 0; e < some; e++) sums[e] = factor * (voxels[from + e] as number);
          else for (let e = 0; e < some; e++) sums[e] = (sums[e] as number) + factor * (voxels[from + e] as number);
        }
        out.set(some === sums.length ? sums : sums.subarray(0, some), (block * count + i) * length + chunk);
      }
    }
  }
  return out;
}
