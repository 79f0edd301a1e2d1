import { filtered, type LineFilter } from "./filtering.js";
import { gridAtSpacing, voxelPoint } from "./grid.js";
import {
  axisOrder,
  isMirroring,
  orderTo,
  orientLike,
  reordered,
  reorderedGrid,
  type AxisOrder,
} from "./orientation.js";
import { gaussian } from "./smoothing.js";
import { voxelArray, voxelCount, type Grid, type Meaning, type Volume, type VoxelArrays, type Xyz } from "./volume.js";
import { AXES, dot, xyz, type Axis } from "./xyz.js";

/** Down-sampling by more than this smooths first. */
const SMOOTHING_FACTOR = 1.5;

/**
 * Axes that drift apart by less than this many voxels over the whole grid count as parallel, and a place this close to a voxel's
 * centre, or to the middle between two, counts as there: headers keep places as 32-bit numbers.
 */
const DRIFT_VOXELS = 1e-4;
const SNAP_VOXELS = 1e-6;

/**
 * Reads a volume at the voxel centres of a grid: labels take the nearest voxel (of two equally near ones the later), the rest is
 * trilinear. Outside the volume the nearest edge goes on. Any two grids will do; where their axes are parallel it is fast. On
 * the volume's own grid nothing changes, and the voxels are shared.
 */
export function resample<M extends Meaning>(volume: Volume<M>, grid: Grid): Volume<M> {
  const aligned = reordered(volume, axisOrder(volume.grid, grid));
  const map = indexMap(grid, aligned.grid);
  if (isIdentity(map, grid, aligned.grid)) return { ...aligned, grid };
  const voxels = voxelArray(volume.meaning, voxelCount(grid));
  const nearest = volume.meaning === "label";
  if (isSeparable(map, grid.size)) {
    const taps = (axis: Axis): Taps => axisTaps(map, axis, aligned.grid.size[axis], grid.size[axis], nearest);
    const read = nearest ? readNearest : readLinear;
    read(aligned.voxels, aligned.grid.size, { x: taps("x"), y: taps("y"), z: taps("z") }, voxels);
  } else {
    const read = nearest ? readNearestOblique : readLinearOblique;
    read(aligned.voxels, aligned.grid.size, map, grid.size, voxels);
  }
  return { meaning: volume.meaning, grid, voxels };
}

/**
 * As `resample`, but whatever the order in which the grid's axes are stored, each place in the patient gets the same bits: they are those of the grid with
 * its axes turned to left, back and head.
 */
export function resampleBack<M extends Meaning>(volume: Volume<M>, grid: Grid): Volume<M> {
  const order = orderTo(grid, "LPS");
  const turned = reorderedGrid(grid, order);
  const map = indexMap(turned, volume.grid);
  const straight = AXES.every((axis) => axisOrder(volume.grid, turned).from[axis] === axis);
  if (!straight || !isMirroring(order) || !isSeparable(map, turned.size))
    return orientLike(resample(volume, turned), grid);
  const nearest = volume.meaning === "label";
  const taps = (axis: Axis): Taps => {
    const along = axisTaps(map, axis, volume.grid.size[axis], turned.size[axis], nearest);
    return order.backwards[axis] ? reversed(along) : along;
  };
  const voxels = voxelArray(volume.meaning, voxelCount(grid));
  const read = nearest ? readNearest : readLinear;
  read(volume.voxels, volume.grid.size, { x: taps("x"), y: taps("y"), z: taps("z") }, voxels);
  return { meaning: volume.meaning, grid, voxels };
}

function reversed({ before, after, weight }: Taps): Taps {
  return { before: before.toReversed(), after: after.toReversed(), weight: weight.toReversed() };
}

/**
 * Resamples to (nearly) the given spacing over the same piece of space, with the axes turned to where `code` says; see `gridAtSpacing` and `orientTo`. Where
 * an axis is down-sampled by a factor above 1.5 it is smoothed first, with a Gaussian of σ = (factor - 1) / 2 · 0.5 voxels; labels never are.
 *
 * Algorithm 2 of the MultiR-Net paper, which leaves smoothing and edges open.
 *
 * @throws ImagingError SPACING_INVALID, VOLUME_TOO_LARGE, ORIENTATION_UNKNOWN
 */
export function resampleToSpacing<M extends Meaning>(volume: Volume<M>, spacingMm: Xyz, code?: string): Volume<M> {
  const order = code === undefined ? AS_IT_IS : orderTo(volume.grid, code);
  const { voxels } = volume;
  // Smoothed and read in one: only what is read is smoothed, and mirrored axes are read from their end.
  const turned = reorderedGrid(volume.grid, order);
  const grid = gridAtSpacing(turned, spacingMm);
  const sigma = smoothness(grid, turned);
  const isSmoothed = sigma.x > 0 || sigma.y > 0 || sigma.z > 0;
  if (voxels instanceof Uint8Array || !isSmoothed || !isMirroring(order)) {
    const straight = reordered(volume, order);
    return isSmoothed && !(voxels instanceof Uint8Array)
      ? resampleToSpacing(straight, spacingMm)
      : resample(straight, grid);
  }
  const map = indexMap(grid, turned);
  const filter = (axis: Axis): LineFilter => {
    const size = turned.size[axis];
    const smooth = smoothTaps(axisTaps(map, axis, size, grid.size[axis], false), gaussian(sigma[axis]), size);
    return order.backwards[axis] ? { ...smooth, at: smooth.at.map((at) => size - 1 - at) } : smooth;
  };
  const result = voxelArray(volume.meaning, voxelCount(grid));
  result.set(filtered(voxels, volume.grid.size, { x: filter("x"), y: filter("y"), z: filter("z") }));
  return { meaning: volume.meaning, grid, voxels: result };
}

const AS_IT_IS: AxisOrder = {
  from: { x: "x", y: "y", z: "z" },
  backwards: { x: false, y: false, z: false },
};

/** Standard deviations of the Gaussian before down-sampling, in voxels of the source; 0 where an axis is not smoothed. */
function smoothness(grid: Grid, source: Grid): Xyz {
  return xyz((axis) => {
    const factor = grid.spacingMm[axis] / source.spacingMm[axis];
    return factor > SMOOTHING_FACTOR ? ((factor - 1) / 2) * 0.5 : 0;
  });
}

/** Places between two voxels of a line that was smoothed, as a filter of the line as it is; beyond its ends they go on. */
function smoothTaps({ before, weight }: Taps, half: Float64Array, length: number): LineFilter {
  const radius = half.length - 1;
  const taps = 2 * radius + 2;
  const at = new Int32Array(before.length * taps);
  const weights = new Float64Array(before.length * taps);
  const share = (offset: number): number => half[Math.abs(offset)] ?? 0;
  for (let i = 0, tap = 0; i < before.length; i++) {
    const far = weight[i] as number;
    for (let offset = -radius; offset <= radius + 1; offset++, tap++) {
      at[tap] = Math.min(length - 1, Math.max(0, (before[i] as number) + offset));
      weights[tap] = (1 - far) * share(offset) + far * share(offset - 1);
    }
  }
  return { taps, at, weight: weights };
}

/** Source voxel index = start + index · step, step.y being what one voxel along the target's y moves in the source. */
interface IndexMap {
  readonly start: Xyz;
  readonly step: { readonly [A in Axis]: Xyz };
}

function indexMap(target: Grid, source: Grid): IndexMap {
  const step = (axis: Axis): Xyz =>
    steady(
      xyz((part) => (dot(source.axes[part], target.axes[axis]) * target.spacingMm[axis]) / source.spacingMm[part]),
    );
  return {
    start: steady(voxelPoint(source, target.originMm)),
    step: { x: step("x"), y: step("y"), z: step("z") },
  };
}

/**
 * Rounded to a billionth of a voxel: far more than any answer needs, far less than rounding noise is. So a scan gives the same
 * bits wherever it lies and in whatever order of axes it was stored.
 */
function steady(voxels: Xyz): Xyz {
  return xyz((axis) => Math.round(voxels[axis] * 2 ** 30) / 2 ** 30);
}

function isSeparable({ step }: IndexMap, size: Xyz): boolean {
  return AXES.every((part) =>
    AXES.every((axis) => axis === part || Math.abs(step[axis][part]) * (size[axis] - 1) < DRIFT_VOXELS),
  );
}

function isIdentity(map: IndexMap, target: Grid, source: Grid): boolean {
  if (!isSeparable(map, target.size)) return false;
  return AXES.every((axis) => {
    const last = target.size[axis] - 1;
    const stretch = Math.abs(map.step[axis][axis] - 1) * last;
    return target.size[axis] === source.size[axis] && Math.abs(map.start[axis]) + stretch < DRIFT_VOXELS;
  });
}

/** For each target place along one axis: the source places before and after it, and how far it lies towards the latter. */
interface Taps {
  readonly before: Int32Array;
  readonly after: Int32Array;
  readonly weight: Float64Array;
}

function axisTaps({ start, step }: IndexMap, axis: Axis, sourceSize: number, size: number, nearest: boolean): Taps {
  const before = new Int32Array(size);
  const after = new Int32Array(size);
  const weight = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    const at = clamped(snapped(start[axis] + i * step[axis][axis]), sourceSize);
    const low = Math.floor(nearest ? at + 0.5 : at);
    before[i] = Math.min(low, sourceSize - 1);
    after[i] = Math.min(low + 1, sourceSize - 1);
    weight[i] = nearest ? 0 : at - low;
  }
  return { before, after, weight };
}

function snapped(at: number): number {
  const half = Math.round(at * 2) / 2;
  return Math.abs(at - half) < SNAP_VOXELS ? half : at;
}

function clamped(at: number, size: number): number {
  return at > 0 ? (at < size - 1 ? at : size - 1) : 0;
}

type Voxels = VoxelArrays[Meaning];

interface TapsXyz {
  readonly x: Taps;
  readonly y: Taps;
  readonly z: Taps;
}

function readNearest(source: Voxels, size: Xyz, { x, y, z }: TapsXyz, out: Voxels): void {
  const columns = x.before;
  let to = 0;
  for (let k = 0; k < z.before.length; k++) {
    for (let j = 0; j < y.before.length; j++) {
      const row = size.x * ((y.before[j] as number) + size.y * (z.before[k] as number));
      for (let i = 0; i < columns.length; i++) out[to++] = source[row + (columns[i] as number)] as number;
    }
  }
}

/**
 * Blends four source rows into one, then reads along it; a + w·(b - a), so that equal neighbours give themselves exactly.
 *
 * @param out all 0
 */
function readLinear(source: Voxels, size: Xyz, { x, y, z }: TapsXyz, out: Voxels): void {
  const row = new Float64Array(size.x);
  const isZero = zeroRows(source, size);
  let to = 0;
  for (let k = 0; k < z.before.length; k++) {
    const zBefore = (z.before[k] as number) * size.y;
    const zAfter = (z.after[k] as number) * size.y;
    for (let j = 0; j < y.before.length; j++) {
      const yBefore = y.before[j] as number;
      const yAfter = y.after[j] as number;
      if (
        isZero(zBefore + yBefore) &&
        isZero(zBefore + yAfter) &&
        isZero(zAfter + yBefore) &&
        isZero(zAfter + yAfter)
      ) {
        to += x.before.length; // as most of a map of probabilities is
        continue;
      }
      blendRows(source, row, {
        nearNear: (zBefore + yBefore) * size.x,
        nearFar: (zBefore + yAfter) * size.x,
        farNear: (zAfter + yBefore) * size.x,
        farFar: (zAfter + yAfter) * size.x,
        y: y.weight[j] as number,
        z: z.weight[k] as number,
      });
      to = readRow(row, x, out, to);
    }
  }
}

/** Whether all of a row along x is 0. */
function zeroRows(source: Voxels, { x, y, z }: Xyz): (row: number) => boolean {
  const rows = new Uint8Array(y * z);
  for (let row = 0; row < rows.length; row++) {
    let at = row * x;
    while (at < (row + 1) * x && source[at] === 0) at++;
    rows[row] = at === (row + 1) * x ? 1 : 0;
  }
  return (row) => rows[row] === 1;
}

/** Where four rows begin, near and far in z then y, and how far the wanted row lies between them. */
interface RowBlend {
  readonly nearNear: number;
  readonly nearFar: number;
  readonly farNear: number;
  readonly farFar: number;
  readonly y: number;
  readonly z: number;
}

function blendRows(source: Voxels, row: Float64Array, blend: RowBlend): void {
  const { nearNear, nearFar, farNear, farFar, y, z } = blend;
  if (y === 0 && z === 0) {
    row.set(source.subarray(nearNear, nearNear + row.length));
    return;
  }
  for (let i = 0; i < row.length; i++) {
    const a = source[nearNear + i] as number;
    const near = a + y * ((source[nearFar + i] as number) - a);
    const b = source[farNear + i] as number;
    const far = b + y * ((source[farFar + i] as number) - b);
    row[i] = near + z * (far - near);
  }
}

function readRow(row: Float64Array, { before, after, weight }: Taps, out: Voxels, start: number): number {
  const count = before.length;
  for (let i = 0; i < count; i++) {
    const a = row[before[i] as number] as number;
    out[start + i] = a + (weight[i] as number) * ((row[after[i] as number] as number) - a);
  }
  return start + count;
}

function readNearestOblique(source: Voxels, size: Xyz, { start, step }: IndexMap, target: Xyz, out: Voxels): void {
  let to = 0;
  for (let k = 0; k < target.z; k++) {
    for (let j = 0; j < target.y; j++) {
      const rowX = start.x + j * step.y.x + k * step.z.x;
      const rowY = start.y + j * step.y.y + k * step.z.y;
      const rowZ = start.z + j * step.y.z + k * step.z.z;
      for (let i = 0; i < target.x; i++) {
        const x = Math.floor(clamped(rowX + i * step.x.x, size.x) + 0.5);
        const y = Math.floor(clamped(rowY + i * step.x.y, size.y) + 0.5);
        const z = Math.floor(clamped(rowZ + i * step.x.z, size.z) + 0.5);
        out[to++] = source[x + size.x * (y + size.y * z)] as number;
      }
    }
  }
}

function readLinearOblique(source: Voxels, size: Xyz, { start, step }: IndexMap, target: Xyz, out: Voxels): void {
  const plane = size.x * size.y;
  let to = 0;
  for (let k = 0; k < target.z; k++) {
    for (let j = 0; j < target.y; j++) {
      const rowX = start.x + j * step.y.x + k * step.z.x;
      const rowY = start.y + j * step.y.y + k * step.z.y;
      const rowZ = start.z + j * step.y.z + k * step.z.z;
      for (let i = 0; i < target.x; i++) {
        const x = clamped(rowX + i * step.x.x, size.x);
        const y = clamped(rowY + i * step.x.y, size.y);
        const z = clamped(rowZ + i * step.x.z, size.z);
        const x0 = Math.floor(x);
        const y0 = Math.floor(y);
        const z0 = Math.floor(z);
        const first = x0 + size.x * y0 + plane * z0;
        const toX = x0 + 1 < size.x ? 1 : 0;
        const toY = y0 + 1 < size.y ? size.x : 0;
        const toZ = z0 + 1 < size.z ? plane : 0;
        const near = bilinear(source, first, toX, toY, x - x0, y - y0);
        const far = bilinear(source, first + toZ, toX, toY, x - x0, y - y0);
        out[to++] = near + (z - z0) * (far - near);
      }
    }
  }
}

function bilinear(source: Voxels, at: number, toX: number, toY: number, x: number, y: number): number {
  const a = source[at] as number;
  const b = source[at + toY] as number;
  const top = a + x * ((source[at + toX] as number) - a);
  const bottom = b + x * ((source[at + toX + toY] as number) - b);
  return top + y * (bottom - top);
}
