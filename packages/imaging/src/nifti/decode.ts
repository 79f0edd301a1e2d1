import { ImagingError } from "../errors.js";
import { joined } from "../joined.js";
import type { Meaning, Volume } from "../volume.js";
import { readNiftiHeader, type NiftiHeader } from "./header.js";
import { KIND_BYTES, type NiftiFormat } from "./layout.js";
import { Interpreter } from "./meanings.js";
import { storedVoxels } from "./stored.js";

/** A volume as it was read, and what the reader had to assume. */
export interface DecodedNifti<M extends Meaning> {
  readonly volume: Volume<M>;
  readonly format: NiftiFormat;
  readonly description: string; // the header's free text
  readonly warnings: readonly string[];
}

/** Takes the bytes of an unpacked file as they come, header and all, and makes voxels of them at once. */
export class NiftiDecoder<M extends Meaning> {
  readonly #header: NiftiHeader;
  readonly #path: string;
  readonly #meaning: M;
  readonly #interpreter: Interpreter<M> | undefined;
  #came = 0; // bytes
  #begun: Uint8Array = new Uint8Array(0); // a voxel of which some bytes have come

  /**
   * @param header as `readNiftiHeader` read it from the file's beginning
   * @param path the file's name, for messages
   * @param meaning what the voxels stand for
   * @param possibleBytes how long the file can be at most: no memory is taken for what cannot come
   */
  constructor(header: NiftiHeader, path: string, meaning: M, possibleBytes: number) {
    this.#header = header;
    this.#path = path;
    this.#meaning = meaning;
    const { fileBytes, voxelOffset, kind } = header;
    const count = (fileBytes - voxelOffset) / KIND_BYTES[kind];
    this.#interpreter = fileBytes <= possibleBytes ? new Interpreter(meaning, count, header) : undefined;
  }

  /** How long the file has to be. */
  get wantedBytes(): number {
    return this.#header.fileBytes;
  }

  /** The next bytes of the file. */
  add(bytes: Uint8Array): void {
    const { voxelOffset, fileBytes, kind, littleEndian } = this.#header;
    const from = Math.max(0, voxelOffset - this.#came);
    const to = Math.min(bytes.length, fileBytes - this.#came);
    this.#came += bytes.length;
    if (this.#interpreter === undefined || from >= to) return;
    let voxels = bytes.subarray(from, to);
    const width = KIND_BYTES[kind];
    if (this.#begun.length > 0) {
      const missing = Math.min(width - this.#begun.length, voxels.length);
      const whole = joined(this.#begun, voxels.subarray(0, missing));
      voxels = voxels.subarray(missing);
      this.#begun = whole;
      if (whole.length < width) return;
      this.#interpreter.add(storedVoxels(whole, kind, littleEndian));
    }
    const full = voxels.length - (voxels.length % width);
    if (full > 0) this.#interpreter.add(storedVoxels(voxels.subarray(0, full), kind, littleEndian));
    this.#begun = voxels.slice(full);
  }

  /**
   * @param fileBytes how long the whole file is
   * @throws ImagingError NIFTI_VOXELS_MISSING, LABEL_INVALID, PROBABILITY_INVALID
   */
  finish(fileBytes: number): DecodedNifti<M> {
    const { grid, format, description, warnings, fileBytes: expectedBytes } = this.#header;
    if (this.#interpreter === undefined || this.#came < expectedBytes) {
      const [path, size] = [this.#path, grid.size];
      throw new ImagingError({ code: "NIFTI_VOXELS_MISSING", path, size, expectedBytes, bytes: fileBytes });
    }
    const found = this.#interpreter.finish(grid.size, this.#path);
    const extra = fileBytes - expectedBytes;
    const trailing = extra > 0 ? [`${extra} bytes after the last voxel were not read`] : [];
    return {
      volume: { meaning: this.#meaning, grid, voxels: this.#interpreter.voxels },
      format,
      description,
      warnings: [...warnings, ...found, ...trailing],
    };
  }
}

/**
 * Reads a whole unpacked NIfTI-1 or NIfTI-2 file: any integer or floating-point kind, either byte order, slope and intercept,
 * sform, qform or neither.
 *
 * @param bytes the file
 * @param path the file's name, for messages
 * @param meaning what the voxels stand for
 * @throws ImagingError as `readNiftiHeader`; NIFTI_VOXELS_MISSING, LABEL_INVALID, PROBABILITY_INVALID
 */
export function decodeNifti<M extends Meaning>(bytes: Uint8Array, path: string, meaning: M): DecodedNifti<M> {
  const decoder = new NiftiDecoder(readNiftiHeader(bytes, path), path, meaning, bytes.length);
  decoder.add(bytes);
  return decoder.finish(bytes.length);
}
