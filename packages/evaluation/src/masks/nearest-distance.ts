import type { Xyz } from "@multirnet/imaging";

/** More steps than any axis has: no target in this column. NIfTI-1 and DICOM end at 65,535 voxels along an axis. */
const NONE = 0xffff;

/**
 * Exact Euclidean distance in mm from every point of `from` to the nearest point of `to`, in linear time: along z by two
 * sweeps, then in each slice along x and y by the lower envelope of parabolas (Felzenszwalb and Huttenlocher, Theory of
 * Computing 8, 2012), for any spacing. Only steps along z are kept for the whole box, two bytes a point; the rest lives in
 * one slice, and columns without a point of `from` are left out of the last pass.
 *
 * @param size of the box that both arrays fill, x fastest; a point is where the value is above 0
 * @returns one distance a point of `from`, x fastest; Infinity where `to` has no point
 */
export function nearestDistancesMm(size: Xyz, spacingMm: Xyz, from: Uint8Array, to: Uint8Array): Float64Array {
  const { x: nx, y: ny, z: nz } = size;
  const area = nx * ny;
  const out = new Float64Array(countPoints(from));
  const steps = stepsAlongZ(size, to);
  const squaresAlongZ = Float64Array.from({ length: nz }, (_, step) => (step * spacingMm.z) ** 2);
  const slice = new Float64Array(area);
  const line = new Float64Array(Math.max(nx, ny));
  const envelope = new LowerEnvelope(Math.max(nx, ny));
  const wantedColumns = new Uint8Array(nx);
  for (let z = 0, done = 0; z < nz; z++) {
    const start = z * area;
    if (!markColumns(wantedColumns, from, start, area)) continue;
    for (let y = 0; y < ny; y++) {
      const row = y * nx;
      for (let x = 0; x < nx; x++) {
        const step = steps[start + row + x] as number;
        line[x] = step === NONE ? Infinity : (squaresAlongZ[step] as number);
      }
      envelope.lower(line, nx, spacingMm.x, slice, row, 1);
    }
    for (let x = 0; x < nx; x++) {
      if (wantedColumns[x] === 0) continue;
      for (let y = 0, at = x; y < ny; y++, at += nx) line[y] = slice[at] as number;
      envelope.lower(line, ny, spacingMm.y, slice, x, nx);
    }
    for (let i = 0; i < area; i++) {
      if ((from[start + i] as number) > 0) out[done++] = Math.sqrt(slice[i] as number);
    }
  }
  return out;
}

function countPoints(points: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < points.length; i++) if ((points[i] as number) > 0) count++;
  return count;
}

/** Marks the columns (x) of a slice that hold a point. @returns whether any does */
function markColumns(columns: Uint8Array, points: Uint8Array, start: number, area: number): boolean {
  const nx = columns.length;
  let any = false;
  columns.fill(0);
  for (let row = 0; row < area; row += nx) {
    for (let x = 0; x < nx; x++) {
      if ((points[start + row + x] as number) > 0) {
        columns[x] = 1;
        any = true;
      }
    }
  }
  return any;
}

/** Voxels along z to the nearest point of the same column; NONE where it has none. */
function stepsAlongZ({ x, y, z: nz }: Xyz, points: Uint8Array): Uint16Array {
  const area = x * y;
  const steps = new Uint16Array(points.length).fill(NONE);
  for (let i = 0; i < points.length; i++) {
    if ((points[i] as number) > 0) steps[i] = 0;
    else if (i >= area) {
      const before = steps[i - area] as number;
      if (before !== NONE) steps[i] = before + 1;
    }
  }
  for (let i = (nz - 1) * area - 1; i >= 0; i--) {
    const after = (steps[i + area] as number) + 1;
    if (after < (steps[i] as number)) steps[i] = after;
  }
  return steps;
}

/** The lower envelope of the parabolas `heights[p] + (spacing·(q − p))²`; its room is reserved once. */
class LowerEnvelope {
  readonly #peaks: Int32Array; // where the parabolas of the envelope stand
  readonly #starts: Float64Array; // from where each is the lowest

  constructor(longest: number) {
    this.#peaks = new Int32Array(longest);
    this.#starts = new Float64Array(longest);
  }

  /** Writes the envelope at 0, 1, … count − 1 to `out`, from `at` in strides; a height of Infinity is no parabola. */
  lower(heights: Float64Array, count: number, spacing: number, out: Float64Array, at: number, stride: number): void {
    const peaks = this.#peaks;
    const starts = this.#starts;
    const square = spacing * spacing;
    let last = -1;
    for (let q = 0; q < count; q++) {
      const height = heights[q] as number;
      if (height === Infinity) continue;
      let start = -Infinity;
      while (last >= 0) {
        const p = peaks[last] as number;
        start = (height - (heights[p] as number)) / (2 * square * (q - p)) + (q + p) / 2;
        if (start > (starts[last] as number)) break;
        last--;
        start = -Infinity;
      }
      last++;
      peaks[last] = q;
      starts[last] = start;
    }
    if (last < 0) {
      for (let q = 0; q < count; q++) out[at + q * stride] = Infinity;
      return;
    }
    for (let q = 0, k = 0; q < count; q++) {
      while (k < last && (starts[k + 1] as number) < q) k++;
      const p = peaks[k] as number;
      out[at + q * stride] = (heights[p] as number) + square * (q - p) * (q - p);
    }
  }
}
