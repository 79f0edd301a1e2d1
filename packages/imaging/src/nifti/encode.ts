import type { Meaning, Volume, VoxelArrays, Xyz } from "../volume.js";
import { AXES } from "../xyz.js";
import { affineOfGrid, qformOfAffine, type Affine, type Qform } from "./affine.js";
import {
  DESCRIPTION_BYTES,
  EXTENSION_FLAG_BYTES,
  HEADER_BYTES,
  HOST_IS_LITTLE,
  KIND_BYTES,
  KINDS,
  MAGIC,
  PLACES,
  type NiftiFormat,
  type VoxelKind,
} from "./layout.js";

export interface NiftiOptions {
  /** NIfTI-1 unless a side is longer than its headers can say (32,767). */
  readonly format?: NiftiFormat;
  /** The header's free text, up to 79 ASCII letters; "multirnet" unless given. */
  readonly description?: string;
  /** Voxels are kept to the nearest multiple of 1 / this, as int16 with that slope: a map of probabilities packs far better in thousandths. */
  readonly steps?: number;
}

const LONGEST_NIFTI_1_SIDE = 32767;
const SCANNER_ANATOMY = 1; // NIFTI_XFORM_SCANNER_ANAT
const MILLIMETRES = 2;
const ASCII = 0x7f;

/** @returns a whole NIfTI file; see `niftiParts` */
export function encodeNifti(volume: Volume, options: NiftiOptions = {}): Uint8Array {
  const parts = [...niftiParts(volume, options)];
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/**
 * A NIfTI file in pieces, the header first. Labels are stored as uint8, scans as int16 where that loses nothing, all else as
 * float32 unless `steps` says otherwise. Sform and qform say the same; read again, the grid is the same to 32-bit precision, and
 * to the last bit if it came from a NIfTI file.
 */
export function* niftiParts(
  volume: Volume,
  { format, description = "multirnet", steps }: NiftiOptions = {},
): Generator<Uint8Array> {
  const { size } = volume.grid;
  const longest = Math.max(size.x, size.y, size.z);
  const chosen = format ?? (longest > LONGEST_NIFTI_1_SIDE ? "nifti-2" : "nifti-1");
  const kind = steps === undefined ? kindOf(volume) : "int16";
  yield header(volume, { kind, format: chosen, description, slope: steps === undefined ? 1 : 1 / steps });
  for (let at = 0; at < volume.voxels.length; at += PART_VOXELS) {
    const part = volume.voxels.subarray(at, at + PART_VOXELS);
    const stored = kind === "int16" ? (steps === undefined ? new Int16Array(part) : inSteps(part, steps)) : part;
    yield new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
  }
}

const PART_VOXELS = 1 << 21;

/** A scan of whole numbers takes half the room as int16. */
function kindOf({ meaning, voxels }: Volume): VoxelKind {
  if (voxels instanceof Uint8Array) return "uint8";
  return meaning === "hounsfield" && isWhole(voxels) ? "int16" : "float32";
}

function isWhole(voxels: Float32Array): boolean {
  for (let i = 0; i < voxels.length; i++) {
    const value = voxels[i] as number;
    if ((value << 16) >> 16 !== value) return false; // its low 16 bits, with their sign
  }
  return true;
}

const LARGEST_INT16 = 0x7fff;

function inSteps(voxels: VoxelArrays[Meaning], steps: number): Int16Array {
  const whole = new Int16Array(voxels.length);
  for (let i = 0; i < voxels.length; i++) {
    const value = voxels[i] as number;
    if (value === 0) continue; // as most of a map of probabilities is
    const step = value * steps;
    const nearest = step < 0 ? step - 0.5 : step + 0.5; // of which an Int16Array keeps the whole part
    whole[i] = nearest > LARGEST_INT16 ? LARGEST_INT16 : nearest < -LARGEST_INT16 ? -LARGEST_INT16 : nearest;
  }
  return whole;
}

interface HeaderWords {
  readonly kind: VoxelKind;
  readonly format: NiftiFormat;
  readonly description: string;
  readonly slope: number;
}

function header({ grid }: Volume, { kind, format, description, slope }: HeaderWords): Uint8Array {
  const headerBytes = HEADER_BYTES[format];
  const bytes = new Uint8Array(headerBytes + EXTENSION_FLAG_BYTES); // no extensions
  const places = PLACES[format];
  const fields = new FieldWriter(bytes, format);
  fields.view.setInt32(0, headerBytes, HOST_IS_LITTLE);
  bytes.set(MAGIC[format], places.magic);
  fields.view.setInt16(places.datatype, datatypeOf(kind), HOST_IS_LITTLE);
  fields.view.setInt16(places.bitsPerVoxel, 8 * KIND_BYTES[kind], HOST_IS_LITTLE);
  fields.dimensions(places.dimensions, [3, grid.size.x, grid.size.y, grid.size.z, 1, 1, 1, 1]);
  fields.offset(places.voxelOffset, bytes.length);
  fields.reals(places.slope, [slope]);
  fields.reals(places.intercept, [0]);
  bytes.set(
    Array.from(description.slice(0, DESCRIPTION_BYTES - 1), (letter) => letter.charCodeAt(0) & ASCII),
    places.description,
  );
  const affine = affineOfGrid(grid);
  const qform = qformOfAffine(affine);
  fields.reals(places.pixdim, [qform.zFactor, qform.spacing.x, qform.spacing.y, qform.spacing.z, 1, 1, 1, 1]);
  fields.code(places.qformCode, SCANNER_ANATOMY);
  fields.code(places.sformCode, SCANNER_ANATOMY);
  fields.reals(places.quaternion, [...quaternion(qform, format), qform.origin.x, qform.origin.y, qform.origin.z]);
  fields.reals(places.sform, rowsOf(affine));
  fields.unit(places.units, MILLIMETRES);
  return bytes;
}

function datatypeOf(kind: VoxelKind): number {
  return Number(Object.entries(KINDS).find(([, name]) => name === kind)?.[0]);
}

/**
 * The parts b, c, d. Readers take a from 1 - b² - c² - d²: after a half turn, 32-bit parts that were rounded down would give
 * them a turn of 0.02 degrees that is not there, so there the largest is rounded up.
 */
function quaternion({ b, c, d }: Qform, format: NiftiFormat): readonly number[] {
  if (format === "nifti-2") return [b, c, d];
  const parts = [b, c, d].map(Math.fround);
  const rest = (): number => 1 - parts.reduce((sum, part) => sum + part * part, 0);
  const largest = parts.reduce((best, part, i) => (Math.abs(part) > Math.abs(parts[best] ?? 0) ? i : best), 0);
  if (1 - b * b - c * c - d * d < ROUNDING) {
    while (rest() > 0) parts[largest] = Math.fround((parts[largest] ?? 0) * (1 + ROUNDING));
  }
  return parts;
}

const ROUNDING = 2 ** -23; // between neighbouring 32-bit floats

function rowsOf({ x, y, z, origin }: Affine): readonly number[] {
  return AXES.flatMap((row) => [x, y, z, origin].map((column: Xyz) => column[row]));
}

/** Writes header fields in the width of the format and this machine's byte order, which the standard leaves free. */
class FieldWriter {
  readonly view: DataView;
  readonly #wide: boolean;

  constructor(bytes: Uint8Array, format: NiftiFormat) {
    this.view = new DataView(bytes.buffer);
    this.#wide = format === "nifti-2";
  }

  reals(at: number, values: readonly number[]): void {
    for (const [i, value] of values.entries()) {
      if (this.#wide) this.view.setFloat64(at + 8 * i, value, HOST_IS_LITTLE);
      else this.view.setFloat32(at + 4 * i, value, HOST_IS_LITTLE);
    }
  }

  dimensions(at: number, values: readonly number[]): void {
    for (const [i, value] of values.entries()) {
      if (this.#wide) this.view.setBigInt64(at + 8 * i, BigInt(value), HOST_IS_LITTLE);
      else this.view.setInt16(at + 2 * i, value, HOST_IS_LITTLE);
    }
  }

  offset(at: number, bytes: number): void {
    if (this.#wide) this.view.setBigInt64(at, BigInt(bytes), HOST_IS_LITTLE);
    else this.view.setFloat32(at, bytes, HOST_IS_LITTLE);
  }

  code(at: number, value: number): void {
    if (this.#wide) this.view.setInt32(at, value, HOST_IS_LITTLE);
    else this.view.setInt16(at, value, HOST_IS_LITTLE);
  }

  unit(at: number, value: number): void {
    if (this.#wide) this.view.setInt32(at, value, HOST_IS_LITTLE);
    else this.view.setUint8(at, value);
  }
}
