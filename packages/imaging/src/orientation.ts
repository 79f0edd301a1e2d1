import { ImagingError } from "./errors.js";
import { patientPoint, requireSameGrid } from "./grid.js";
import { voxelArray, voxelCount, type Grid, type Meaning, type Volume, type VoxelArrays, type Xyz } from "./volume.js";
import { AXES, dot, xyz, type Axis } from "./xyz.js";

/** Each target axis runs along one source axis, forwards or backwards. */
export interface AxisOrder {
  readonly from: { readonly [A in Axis]: Axis };
  readonly backwards: { readonly [A in Axis]: boolean };
}

/** The letters of our patient axes: where each points to, and the opposite. */
const LETTERS: { readonly [A in Axis]: readonly [ahead: string, behind: string] } = {
  x: ["L", "R"],
  y: ["P", "A"],
  z: ["S", "I"],
};

/**
 * Three letters naming where each grid axis points to: L or R, P or A, S or I; oblique axes go by their largest part, x first.
 * The same as nibabel's `aff2axcodes`.
 */
export function orientation({ axes }: Grid): string {
  const along = closestAxes(axes, PATIENT);
  return AXES.map((axis) => LETTERS[along[axis].axis][along[axis].backwards ? 1 : 0]).join("");
}

/**
 * Reorders and reverses axes, without interpolation, so that the grid points as nearly as it can to where `code` says. Each
 * voxel stays where it is in the patient; oblique axes stay oblique. A volume that already does is returned itself.
 *
 * @param code three letters as `orientation` gives them
 * @throws ImagingError ORIENTATION_UNKNOWN
 */
export function orientTo<M extends Meaning>(volume: Volume<M>, code = "LPS"): Volume<M> {
  return reordered(volume, orderTo(volume.grid, code));
}

/**
 * The order of a grid's axes that points as nearly as it can to where `code` says.
 *
 * @throws ImagingError ORIENTATION_UNKNOWN
 */
export function orderTo({ axes }: Grid, code: string): AxisOrder {
  const wanted = directions(code);
  const along = closestAxes(axes, PATIENT);
  return {
    from: byAxis((target) => AXES.find((source) => along[source].axis === wanted[target].axis) ?? target),
    backwards: byAxis((target) => {
      const source = AXES.find((axis) => along[axis].axis === wanted[target].axis) ?? target;
      return along[source].backwards !== wanted[target].backwards;
    }),
  };
}

/**
 * Puts a volume back onto a grid that has the same voxels in another order of axes, as `orientTo` leaves them. The result has
 * exactly the given grid, to the last bit.
 *
 * @throws ImagingError GRIDS_DIFFER if reordering and reversing axes does not bring one onto the other
 */
export function orientLike<M extends Meaning>(volume: Volume<M>, grid: Grid): Volume<M> {
  const result = reordered(volume, axisOrder(volume.grid, grid));
  requireSameGrid({ name: "the volume", grid: result.grid }, { name: "the grid to put it on", grid });
  return { ...result, grid };
}

/** @returns for each axis of `target` the axis of `source` that runs most nearly along it */
export function axisOrder(source: Grid, target: Grid): AxisOrder {
  const along = closestAxes(target.axes, source.axes);
  return { from: byAxis((axis) => along[axis].axis), backwards: byAxis((axis) => along[axis].backwards) };
}

/** Whether axes only change their direction, if anything. */
export function isMirroring({ from }: AxisOrder): boolean {
  return AXES.every((axis) => from[axis] === axis);
}

/** @returns the same grid with the axes in the given order */
export function reorderedGrid(grid: Grid, order: AxisOrder): Grid {
  const direction = (axis: Axis): Xyz => {
    const along = grid.axes[order.from[axis]];
    return order.backwards[axis] ? xyz((part) => 0 - along[part]) : along; // 0 - 0 is 0, where -0 would print as -0
  };
  return {
    size: xyz((axis) => grid.size[order.from[axis]]),
    spacingMm: xyz((axis) => grid.spacingMm[order.from[axis]]),
    originMm: patientPoint(grid, firstVoxel(grid, order)),
    axes: { x: direction("x"), y: direction("y"), z: direction("z") },
  };
}

/** The voxel that becomes voxel (0, 0, 0). */
function firstVoxel({ size }: Grid, order: AxisOrder): Xyz {
  const first = { x: 0, y: 0, z: 0 };
  for (const axis of AXES) if (order.backwards[axis]) first[order.from[axis]] = size[order.from[axis]] - 1;
  return first;
}

/** @returns the same voxels with the axes in the given order; the volume itself if nothing changes */
export function reordered<M extends Meaning>(volume: Volume<M>, order: AxisOrder): Volume<M> {
  const { grid } = volume;
  if (AXES.every((axis) => order.from[axis] === axis && !order.backwards[axis])) return volume;
  const strides = { x: 1, y: grid.size.x, z: grid.size.x * grid.size.y };
  const step = xyz((axis) => strides[order.from[axis]] * (order.backwards[axis] ? -1 : 1));
  const first = firstVoxel(grid, order);
  const turned = reorderedGrid(grid, order);
  const voxels = voxelArray(volume.meaning, voxelCount(grid));
  copyStrided(volume.voxels, voxels, turned.size, first.x + strides.y * first.y + strides.z * first.z, step);
  return { meaning: volume.meaning, grid: turned, voxels };
}

function copyStrided(
  source: VoxelArrays[Meaning],
  out: VoxelArrays[Meaning],
  size: Xyz,
  start: number,
  step: Xyz,
): void {
  let to = 0;
  for (let z = 0; z < size.z; z++) {
    for (let y = 0; y < size.y; y++) {
      let from = start + y * step.y + z * step.z;
      if (step.x === 1) {
        out.set(source.subarray(from, from + size.x), to);
        to += size.x;
        continue;
      }
      for (let x = 0; x < size.x; x++, from += step.x) out[to++] = source[from] as number;
    }
  }
}

interface Alignment {
  readonly axis: Axis;
  readonly backwards: boolean;
}

const PATIENT: Grid["axes"] = { x: { x: 1, y: 0, z: 0 }, y: { x: 0, y: 1, z: 0 }, z: { x: 0, y: 0, z: 1 } };

/** For each axis in turn the reference axis it has the largest part along, of those not yet taken. */
function closestAxes(axes: Grid["axes"], reference: Grid["axes"]): { readonly [A in Axis]: Alignment } {
  const free: Axis[] = [...AXES];
  const closest = (axis: Axis): Alignment => {
    const along = (other: Axis): number => dot(axes[axis], reference[other]);
    const best = free.reduce((best, other) => (Math.abs(along(other)) > Math.abs(along(best)) ? other : best));
    free.splice(free.indexOf(best), 1);
    return { axis: best, backwards: along(best) < 0 };
  };
  return { x: closest("x"), y: closest("y"), z: closest("z") };
}

function directions(code: string): { readonly [A in Axis]: Alignment } {
  const named = Array.from(code).flatMap((letter) =>
    AXES.filter((axis) => LETTERS[axis].includes(letter)).map((axis) => ({
      axis,
      backwards: LETTERS[axis][1] === letter,
    })),
  );
  const [x, y, z] = named;
  const complete = code.length === 3 && new Set(named.map(({ axis }) => axis)).size === 3;
  if (!complete || !x || !y || !z) throw new ImagingError({ code: "ORIENTATION_UNKNOWN", orientation: code });
  return { x, y, z };
}

function byAxis<T>(value: (axis: Axis) => T): { readonly [A in Axis]: T } {
  return { x: value("x"), y: value("y"), z: value("z") };
}
