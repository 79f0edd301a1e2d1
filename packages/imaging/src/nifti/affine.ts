import { ImagingError } from "../errors.js";
import { isSpacing } from "../grid.js";
import type { Grid, Xyz } from "../volume.js";
import { AXES, cross, difference, dot, norm, scaled, xyz, type Axis } from "../xyz.js";

/** A header's voxel-to-patient map in NIfTI's own frame, RAS: the columns of a 3×4 matrix, in mm. */
export interface Affine {
  readonly x: Xyz;
  readonly y: Xyz;
  readonly z: Xyz;
  readonly origin: Xyz;
}

/** Directions count as orthonormal when their pairwise cosines are within this: what 32-bit headers and quaternions leave. */
const EXACT_COSINE = 1e-6;

/** Up to here (0.06 degrees, 0.3 mm over 300 mm) a skew is put right; beyond, it is refused. */
const PARDONED_COSINE = 1e-3;

/** A column counts as lying in the plane of the other two below this share of an upright one. */
const SINGULAR = 1e-6;

export interface GridReading {
  readonly grid: Grid;
  readonly warnings: readonly string[];
}

/**
 * The grid of a header's affine map: RAS becomes LPS here and nowhere else. Places are kept to 32-bit precision, as a NIfTI-1
 * header holds them, so that what is written for this grid is read as exactly this grid.
 *
 * @param form what the map is called in a message
 * @throws ImagingError NIFTI_AFFINE_NOT_FINITE, NIFTI_AFFINE_SINGULAR, NIFTI_AFFINE_SHEARED
 */
export function gridOfAffine(affine: Affine, size: Xyz, path: string, form: string): GridReading {
  if (
    [affine.x, affine.y, affine.z, affine.origin].some((column) => !AXES.every((axis) => Number.isFinite(column[axis])))
  ) {
    throw new ImagingError({ code: "NIFTI_AFFINE_NOT_FINITE", path, form });
  }
  const spacingMm = xyz((axis) => norm(affine[axis]));
  const units = byAxis((axis) => scaled(affine[axis], 1 / spacingMm[axis]));
  if (!isSpacing(spacingMm) || !(Math.abs(dot(cross(units.x, units.y), units.z)) > SINGULAR)) {
    throw new ImagingError({ code: "NIFTI_AFFINE_SINGULAR", path, form });
  }
  const skew = Math.max(...[dot(units.x, units.y), dot(units.y, units.z), dot(units.z, units.x)].map(Math.abs));
  const degrees = Number(((Math.asin(Math.min(1, skew)) * 180) / Math.PI).toPrecision(3));
  if (skew > PARDONED_COSINE) throw new ImagingError({ code: "NIFTI_AFFINE_SHEARED", path, form, degrees });
  const warnings =
    skew > EXACT_COSINE ? [`the ${form} is skewed by ${degrees} degrees; its axes were made upright`] : [];
  const upright = skew > EXACT_COSINE ? nearestRotation(units) : units;
  return { grid: snappedGrid({ size, spacingMm, axes: upright, originMm: affine.origin }), warnings };
}

/** @returns the affine map of a grid, in RAS, of 32-bit numbers */
export function affineOfGrid({ spacingMm, originMm, axes }: Grid): Affine {
  const column = (axis: Axis): Xyz => flipped(rounded(scaled(axes[axis], spacingMm[axis])));
  return { x: column("x"), y: column("y"), z: column("z"), origin: flipped(rounded(originMm)) };
}

/** What a qform says: a quaternion, where the first voxel is, the spacing, and whether z runs against the right-hand rule. */
export interface Qform {
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly origin: Xyz;
  readonly spacing: Xyz;
  readonly zFactor: 1 | -1;
}

/** The largest length above 1 that rounding to 32 bits leaves a quaternion's three parts. */
const QUATERNION_SLACK = 1e-5;

/** A first part whose square is below this is rounding, and the rotation a half turn; as in NIfTI's own library. */
const HALF_TURN = 1e-7;

/** @returns whether b, c and d can be parts of a quaternion of length 1 */
export function isQuaternion({ b, c, d }: Qform): boolean {
  return Math.hypot(b, c, d) <= 1 + QUATERNION_SLACK;
}

/** nifti1.h, method 2. The first quaternion part follows from the others, which are 1 long together at most. */
export function affineOfQform({ b, c, d, origin, spacing, zFactor }: Qform): Affine {
  const length = Math.hypot(b, c, d);
  const rest = 1 - length * length;
  const a = rest < HALF_TURN ? 0 : Math.sqrt(rest);
  const total = Math.sqrt(a * a + length * length); // 1 but for rounding
  const [p, q, r, s] = [a / total, b / total, c / total, d / total];
  const x = { x: p * p + q * q - r * r - s * s, y: 2 * (q * r + p * s), z: 2 * (q * s - p * r) };
  const y = { x: 2 * (q * r - p * s), y: p * p + r * r - q * q - s * s, z: 2 * (r * s + p * q) };
  const z = { x: 2 * (q * s + p * r), y: 2 * (r * s - p * q), z: p * p + s * s - q * q - r * r };
  return {
    x: scaled(x, spacing.x),
    y: scaled(y, spacing.y),
    z: scaled(z, spacing.z * zFactor),
    origin,
  };
}

/** The qform of an affine map with upright columns: the other half of `affineOfQform`. */
export function qformOfAffine(affine: Affine): Qform {
  const spacing = xyz((axis) => norm(affine[axis]));
  const units = byAxis((axis) => scaled(affine[axis], 1 / spacing[axis]));
  const zFactor = dot(cross(units.x, units.y), units.z) < 0 ? -1 : 1;
  const { x, y, z } = nearestRotation({ ...units, z: scaled(units.z, zFactor) });
  // The part with the largest square is found first, the others by division with it (Shepperd 1978).
  const squares = [1 + x.x + y.y + z.z, 1 + x.x - y.y - z.z, 1 - x.x + y.y - z.z, 1 - x.x - y.y + z.z] as const;
  const largest = squares.indexOf(Math.max(...squares));
  const [xy, yz, zx] = [y.x + x.y, z.y + y.z, x.z + z.x]; // 4bc, 4cd, 4bd
  const [byX, byY, byZ] = [y.z - z.y, z.x - x.z, x.y - y.x]; // 4ab, 4ac, 4ad
  const quadrupled = [
    [squares[0], byX, byY, byZ],
    [byX, squares[1], xy, zx],
    [byY, xy, squares[2], yz],
    [byZ, zx, yz, squares[3]],
  ][largest] ?? [1, 0, 0, 0];
  const length = Math.hypot(...quadrupled) * ((quadrupled[0] ?? 0) < 0 ? -1 : 1);
  const [, b = 0, c = 0, d = 0] = quadrupled.map((part) => part / length);
  return { b, c, d, origin: affine.origin, spacing, zFactor };
}

/** @returns how far apart two maps put the same corner voxel at most, in mm */
export function affineDistanceMm(a: Affine, b: Affine, size: Xyz): number {
  let largest = 0;
  for (const x of [0, size.x - 1]) {
    for (const y of [0, size.y - 1]) {
      for (const z of [0, size.z - 1]) {
        const place = ({ x: i, y: j, z: k, origin }: Affine): Xyz =>
          xyz((axis) => origin[axis] + x * i[axis] + y * j[axis] + z * k[axis]);
        largest = Math.max(largest, norm(difference(place(a), place(b))));
      }
    }
  }
  return largest;
}

/** The same grid with columns and origin rounded to 32 bits, and turned from RAS to LPS. */
function snappedGrid({ size, spacingMm, axes, originMm }: Grid): Grid {
  const columns = byAxis((axis) => flipped(rounded(scaled(axes[axis], spacingMm[axis]))));
  const lengths = xyz((axis) => norm(columns[axis]));
  return {
    size,
    spacingMm: lengths,
    originMm: flipped(rounded(originMm)),
    axes: byAxis((axis) => scaled(columns[axis], 1 / lengths[axis])),
  };
}

/** The rotation (or reflection) nearest to a matrix, by Newton's iteration Q ← (Q + Q⁻ᵀ) / 2 (Higham 1986). */
function nearestRotation(start: Grid["axes"]): Grid["axes"] {
  let axes = start;
  for (let round = 0; round < 8; round++) {
    const { x, y, z } = axes;
    const volume = dot(cross(x, y), z);
    const inverse = { x: cross(y, z), y: cross(z, x), z: cross(x, y) }; // columns of Q⁻ᵀ, times the volume
    axes = byAxis((axis) => xyz((part) => (axes[axis][part] + inverse[axis][part] / volume) / 2));
  }
  return axes;
}

/** RAS and LPS differ in the sign of the first two parts. 0 - 0 is 0, where -0 would print as -0. */
function flipped(a: Xyz): Xyz {
  return { x: 0 - a.x, y: 0 - a.y, z: a.z };
}

function rounded(a: Xyz): Xyz {
  return xyz((axis) => Math.fround(a[axis]));
}

function byAxis(value: (axis: Axis) => Xyz): Grid["axes"] {
  return { x: value("x"), y: value("y"), z: value("z") };
}
