import type { Xyz } from "./volume.js";

/** Where the Gaussian is cut off, in standard deviations; as scipy.ndimage. */
const TRUNCATE = 4;

/**
 * Smooths with a Gaussian along each axis; beyond the edge the edge's value goes on. As `scipy.ndimage.gaussian_filter` with
 * mode "nearest".
 *
 * @param sigma standard deviation in voxels; axes with 0 are left alone
 * @returns new voxels, or the given ones where there is nothing to smooth
 */
export function gaussianSmoothed(voxels: Float32Array, size: Xyz, sigma: Xyz): Float32Array {
  const alongX = convolved(voxels, { before: size.y * size.z, along: size.x, after: 1 }, gaussian(sigma.x));
  const alongY = convolved(alongX, { before: size.z, along: size.y, after: size.x }, gaussian(sigma.y));
  return convolved(alongY, { before: 1, along: size.z, after: size.x * size.y }, gaussian(sigma.z));
}

/** @returns the right half of a normalised Gaussian, its middle first; one weight where it would not reach a neighbour */
export function gaussian(sigma: number): Float64Array {
  const radius = Math.floor(TRUNCATE * sigma + 0.5);
  const half = Float64Array.from({ length: radius + 1 }, (_, i) =>
    i === 0 ? 1 : Math.exp((-0.5 * i * i) / sigma ** 2),
  );
  const total = half.reduce((sum, weight) => sum + 2 * weight, -1); // the middle once, the rest on both sides
  return half.map((weight) => weight / total);
}

/** An array seen as before × along × after, to be convolved in the middle. */
interface Layout {
  readonly before: number;
  readonly along: number;
  readonly after: number;
}

const CHUNK = 4096; // voxels summed at a time: their sums stay in the nearest cache

function convolved(voxels: Float32Array, { before, along, after }: Layout, half: Float64Array): Float32Array {
  if (half.length === 1) return voxels;
  if (after === 1) return convolvedRows(voxels, before, along, half);
  const out = new Float32Array(voxels.length);
  const sums = new Float64Array(Math.min(CHUNK, after));
  const add = (from: number, count: number, weight: number): void => {
    for (let i = 0; i < count; i++) sums[i] = (sums[i] as number) + weight * (voxels[from + i] as number);
  };
  for (let b = 0; b < before; b++) {
    const block = b * along * after;
    for (let a = 0; a < along; a++) {
      for (let chunk = 0; chunk < after; chunk += CHUNK) {
        const count = Math.min(CHUNK, after - chunk);
        sums.fill(0);
        for (let tap = 1 - half.length; tap < half.length; tap++) {
          const at = Math.min(along - 1, Math.max(0, a + tap));
          add(block + at * after + chunk, count, half[Math.abs(tap)] as number);
        }
        out.set(count === sums.length ? sums : sums.subarray(0, count), block + a * after + chunk);
      }
    }
  }
  return out;
}

function convolvedRows(voxels: Float32Array, rows: number, along: number, half: Float64Array): Float32Array {
  const out = new Float32Array(voxels.length);
  const last = along - 1;
  const middle = half[0] as number;
  for (let row = 0; row < rows; row++) {
    const start = row * along;
    for (let x = 0; x < along; x++) {
      let sum = middle * (voxels[start + x] as number);
      for (let tap = 1; tap < half.length; tap++) {
        const left = voxels[start + (x > tap ? x - tap : 0)] as number;
        const right = voxels[start + (x + tap < last ? x + tap : last)] as number;
        sum += (half[tap] as number) * (left + right);
      }
      out[start + x] = sum;
    }
  }
  return out;
}
