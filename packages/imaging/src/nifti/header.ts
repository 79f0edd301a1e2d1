import { ImagingError } from "../errors.js";
import { MAXIMUM_VOXELS, isSpacing } from "../grid.js";
import type { Grid, Xyz } from "../volume.js";
import { AXES, scaled, xyz } from "../xyz.js";
import {
  affineDistanceMm,
  affineOfQform,
  gridOfAffine,
  isQuaternion,
  type Affine,
  type GridReading,
  type Qform,
} from "./affine.js";
import { FieldReader } from "./fields.js";
import {
  EXTENSION_FLAG_BYTES,
  HEADER_BYTES,
  KIND_BYTES,
  KINDS,
  MAGIC,
  PAIR_MAGIC,
  REFUSED_KINDS,
  UNIT_MM,
  type NiftiFormat,
  type VoxelKind,
} from "./layout.js";

/** What a NIfTI header says, checked, and nothing read of the voxels yet. */
export interface NiftiHeader {
  readonly format: NiftiFormat;
  readonly littleEndian: boolean;
  readonly kind: VoxelKind;
  readonly grid: Grid;
  readonly slope: number; // value = stored · slope + intercept
  readonly intercept: number;
  readonly voxelOffset: number; // bytes before the first voxel
  readonly description: string; // free text
  readonly fileBytes: number; // of the whole unpacked file: what comes after is not needed
  readonly warnings: readonly string[];
}

/**
 * Reads the header of a single-file NIfTI-1 or NIfTI-2 volume.
 *
 * @param bytes the file's beginning, at least 544 bytes of it unless the file is shorter
 * @param path the file's name, for messages
 * @throws ImagingError FILE_FORMAT_UNKNOWN, VOLUME_TOO_LARGE and all that begin with NIFTI but NIFTI_VOXELS_MISSING
 */
export function readNiftiHeader(bytes: Uint8Array, path: string): NiftiHeader {
  const { format, littleEndian } = recognised(bytes, path);
  const fields = new FieldReader(bytes, format, littleEndian);
  const size = readSize(fields, path);
  const kind = readKind(fields, path);
  const { grid, warnings } = readGrid(fields, size, path);
  const minimum = HEADER_BYTES[format] + EXTENSION_FLAG_BYTES;
  const offset = fields.voxelOffset;
  if (!Number.isSafeInteger(offset) || offset < minimum) {
    throw new ImagingError({ code: "NIFTI_OFFSET", path, offset, minimum });
  }
  const scale = readScale(fields);
  return {
    format,
    littleEndian,
    kind,
    grid,
    slope: scale.slope,
    intercept: scale.intercept,
    voxelOffset: offset,
    description: fields.description,
    fileBytes: offset + size.x * size.y * size.z * KIND_BYTES[kind],
    warnings: [...warnings, ...scale.warnings],
  };
}

/** The header's length, which it begins with, tells the format and the byte order; the magic word must agree. */
function recognised(bytes: Uint8Array, path: string): { readonly format: NiftiFormat; readonly littleEndian: boolean } {
  if (bytes.length === 0) throw new ImagingError({ code: "FILE_EMPTY", path });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const format of ["nifti-1", "nifti-2"] as const) {
    const headerBytes = HEADER_BYTES[format];
    const littleEndian = [true, false].find((little) => bytes.length >= 4 && view.getInt32(0, little) === headerBytes);
    if (littleEndian === undefined) continue;
    if (bytes.length < headerBytes) {
      throw new ImagingError({ code: "NIFTI_HEADER_TRUNCATED", path, headerBytes, bytes: bytes.length });
    }
    const fields = new FieldReader(bytes, format, littleEndian);
    if (fields.magicIs(MAGIC[format])) return { format, littleEndian };
    if (fields.magicIs(PAIR_MAGIC[format])) throw new ImagingError({ code: "NIFTI_PAIR", path });
  }
  throw new ImagingError({ code: "FILE_FORMAT_UNKNOWN", path });
}

function readSize(fields: FieldReader, path: string): Xyz {
  const count = fields.dimension(0);
  const stated = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => fields.dimension(i));
  const dimensions = stated.slice(1, count + 1);
  if (!(count >= 1 && count <= 7) || !dimensions.every((length) => Number.isSafeInteger(length) && length >= 1)) {
    throw new ImagingError({ code: "NIFTI_DIMENSIONS", path, dimensions: stated });
  }
  if (dimensions.slice(3).some((length) => length > 1)) {
    throw new ImagingError({ code: "NIFTI_FOUR_D", path, dimensions });
  }
  const [x = 1, y = 1, z = 1] = dimensions;
  const size = { x, y, z };
  if (x * y * z > MAXIMUM_VOXELS) {
    throw new ImagingError({ code: "VOLUME_TOO_LARGE", path, size, limit: MAXIMUM_VOXELS });
  }
  return size;
}

function readKind(fields: FieldReader, path: string): VoxelKind {
  const datatype = fields.datatype;
  const kind = (KINDS as { readonly [code: number]: VoxelKind | undefined })[datatype];
  if (kind) return kind;
  const known = Object.keys(KIND_BYTES);
  throw new ImagingError({ code: "NIFTI_DATATYPE", path, datatype, name: REFUSED_KINDS.get(datatype), known });
}

/** The sform where there is one, else the qform, else the spacing alone. */
function readGrid(fields: FieldReader, size: Xyz, path: string): GridReading {
  const spacing = xyz((axis) => fields.pixdim(1 + AXES.indexOf(axis)));
  if (!isSpacing(spacing)) throw new ImagingError({ code: "NIFTI_SPACING", path, spacing });
  const unit = readUnit(fields);
  const inMm = (affine: Affine): Affine => ({
    x: scaled(affine.x, unit.mm),
    y: scaled(affine.y, unit.mm),
    z: scaled(affine.z, unit.mm),
    origin: scaled(affine.origin, unit.mm),
  });
  const withWarnings = (reading: GridReading, ...more: readonly string[]): GridReading => ({
    grid: reading.grid,
    warnings: [...unit.warnings, ...reading.warnings, ...more],
  });
  const { sformCode, qformCode } = fields;
  if (sformCode > 0) {
    const affine = inMm(fields.sform);
    const reading = gridOfAffine(affine, size, path, "sform");
    if (qformCode <= 0) return withWarnings(reading);
    return withWarnings(reading, ...qformWarnings(fields.qform(spacing), affine, inMm, size));
  }
  if (qformCode > 0) {
    const qform = fields.qform(spacing);
    if (!isQuaternion(qform)) {
      const length = Number(Math.hypot(qform.b, qform.c, qform.d).toPrecision(6));
      throw new ImagingError({ code: "NIFTI_QUATERNION", path, length });
    }
    return withWarnings(gridOfAffine(inMm(affineOfQform(qform)), size, path, "qform"));
  }
  return withWarnings(
    gridOfAffine(inMm(affineOfSpacing(spacing, size)), size, path, "pixdim"),
    "the header has neither sform nor qform: taken as x to the left, y to the front, z to the head, centred; " +
      "left and right may be wrong",
  );
}

/** Headers keep places as 32-bit numbers, and writers round: closer than this, two forms say the same. */
const FORMS_AGREE_MM = 0.01;

/** What is wrong with the qform beside a good sform. */
function qformWarnings(qform: Qform, sform: Affine, inMm: (affine: Affine) => Affine, size: Xyz): readonly string[] {
  if (!isQuaternion(qform)) return ["the qform cannot be read: its quaternion is longer than 1; the sform was used"];
  const apartMm = affineDistanceMm(sform, inMm(affineOfQform(qform)), size);
  if (apartMm <= FORMS_AGREE_MM) return [];
  return [`sform and qform put voxels up to ${Number(apartMm.toPrecision(3))} mm apart; the sform was used`];
}

/** As nibabel reads such a header: x against NIfTI's own x, the volume's middle at the origin. */
function affineOfSpacing(spacing: Xyz, size: Xyz): Affine {
  const half = xyz((axis) => ((size[axis] - 1) / 2) * spacing[axis]);
  return {
    x: { x: -spacing.x, y: 0, z: 0 },
    y: { x: 0, y: spacing.y, z: 0 },
    z: { x: 0, y: 0, z: spacing.z },
    origin: { x: half.x, y: -half.y, z: -half.z },
  };
}

function readUnit(fields: FieldReader): { readonly mm: number; readonly warnings: readonly string[] } {
  const code = fields.units & 7;
  const mm = UNIT_MM.get(code);
  if (mm !== undefined) return { mm, warnings: [] };
  return { mm: 1, warnings: [`the header does not say the unit of its spacing (code ${code}): taken as mm`] };
}

/** A slope of 0 or none means that voxels are stored as they are. */
function readScale(fields: FieldReader): {
  readonly slope: number;
  readonly intercept: number;
  readonly warnings: readonly string[];
} {
  const { slope, intercept } = fields;
  if (slope === 0 || !Number.isFinite(slope)) return { slope: 1, intercept: 0, warnings: [] };
  if (Number.isFinite(intercept)) return { slope, intercept, warnings: [] };
  return { slope, intercept: 0, warnings: [`scl_inter is ${intercept}: taken as 0`] };
}
