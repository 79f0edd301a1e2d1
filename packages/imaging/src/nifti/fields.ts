import type { Xyz } from "../volume.js";
import type { Affine, Qform } from "./affine.js";
import { DESCRIPTION_BYTES, PLACES, type NiftiFormat, type Places } from "./layout.js";

/** Reads header fields by name, whatever their width and byte order. */
export class FieldReader {
  readonly #view: DataView;
  readonly #wide: boolean; // NIfTI-2
  readonly #little: boolean;
  readonly #places: Places;

  constructor(bytes: Uint8Array, format: NiftiFormat, littleEndian: boolean) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#wide = format === "nifti-2";
    this.#little = littleEndian;
    this.#places = PLACES[format];
  }

  magicIs(magic: readonly number[]): boolean {
    return magic.every((byte, i) => this.#view.getUint8(this.#places.magic + i) === byte);
  }

  /** @returns dim[i]; dim[0] is how many dimensions there are */
  dimension(i: number): number {
    const at = this.#places.dimensions;
    return this.#wide
      ? Number(this.#view.getBigInt64(at + 8 * i, this.#little))
      : this.#view.getInt16(at + 2 * i, this.#little);
  }

  pixdim(i: number): number {
    return this.#real(this.#places.pixdim, i);
  }

  get datatype(): number {
    return this.#view.getInt16(this.#places.datatype, this.#little);
  }

  get voxelOffset(): number {
    const at = this.#places.voxelOffset;
    return this.#wide ? Number(this.#view.getBigInt64(at, this.#little)) : this.#view.getFloat32(at, this.#little);
  }

  get slope(): number {
    return this.#real(this.#places.slope, 0);
  }

  get intercept(): number {
    return this.#real(this.#places.intercept, 0);
  }

  /** The free text, up to its first zero byte. */
  get description(): string {
    const at = this.#places.description;
    const bytes = Array.from({ length: DESCRIPTION_BYTES }, (_, i) => this.#view.getUint8(at + i));
    const end = bytes.indexOf(0);
    return String.fromCharCode(...(end === -1 ? bytes : bytes.slice(0, end)));
  }

  get units(): number {
    const at = this.#places.units;
    return this.#wide ? this.#view.getInt32(at, this.#little) : this.#view.getUint8(at);
  }

  get sformCode(): number {
    return this.#code(this.#places.sformCode);
  }

  get qformCode(): number {
    return this.#code(this.#places.qformCode);
  }

  get sform(): Affine {
    const at = this.#places.sform;
    const column = (i: number): Xyz => ({
      x: this.#real(at, i),
      y: this.#real(at, 4 + i),
      z: this.#real(at, 8 + i),
    });
    return { x: column(0), y: column(1), z: column(2), origin: column(3) };
  }

  qform(spacing: Xyz): Qform {
    const part = (i: number): number => this.#real(this.#places.quaternion, i);
    return {
      b: part(0),
      c: part(1),
      d: part(2),
      origin: { x: part(3), y: part(4), z: part(5) },
      spacing,
      zFactor: this.pixdim(0) < 0 ? -1 : 1,
    };
  }

  #code(at: number): number {
    return this.#wide ? this.#view.getInt32(at, this.#little) : this.#view.getInt16(at, this.#little);
  }

  /** @returns the i-th of the floating-point numbers that begin at a place */
  #real(at: number, i: number): number {
    return this.#wide
      ? this.#view.getFloat64(at + 8 * i, this.#little)
      : this.#view.getFloat32(at + 4 * i, this.#little);
  }
}
