import { ImagingError } from "../errors.js";
import type { Meaning, Volume } from "../volume.js";
import { readNiftiHeader } from "./header.js";
import type { NiftiFormat } from "./layout.js";
import { interpreted } from "./meanings.js";
import { storedVoxels } from "./stored.js";

/** A volume as it was read, and what the reader had to assume. */
export interface DecodedNifti<M extends Meaning> {
  readonly volume: Volume<M>;
  readonly format: NiftiFormat;
  readonly description: string; // the header's free text
  readonly warnings: readonly string[];
}

/**
 * Reads a whole unpacked NIfTI-1 or NIfTI-2 file: any integer or floating-point kind, either byte order, slope and intercept,
 * sform, qform or neither.
 *
 * @param bytes the file; what comes after the voxels may be left out
 * @param path the file's name, for messages
 * @param meaning what the voxels stand for
 * @param fileBytes how long the whole file is, where `bytes` is only its beginning
 * @throws ImagingError as `readNiftiHeader`; NIFTI_VOXELS_MISSING, LABEL_INVALID, PROBABILITY_INVALID
 */
export function decodeNifti<M extends Meaning>(
  bytes: Uint8Array,
  path: string,
  meaning: M,
  fileBytes: number = bytes.length,
): DecodedNifti<M> {
  const header = readNiftiHeader(bytes, path);
  const { size } = header.grid;
  if (bytes.length < header.fileBytes) {
    const expectedBytes = header.fileBytes;
    throw new ImagingError({ code: "NIFTI_VOXELS_MISSING", path, size, expectedBytes, bytes: fileBytes });
  }
  const stored = storedVoxels(bytes.subarray(header.voxelOffset, header.fileBytes), header.kind, header.littleEndian);
  const { voxels, warnings } = interpreted(stored, header, meaning, size, path);
  const extra = fileBytes - header.fileBytes;
  const trailing = extra > 0 ? [`${extra} bytes after the last voxel were not read`] : [];
  return {
    volume: { meaning, grid: header.grid, voxels },
    format: header.format,
    description: header.description,
    warnings: [...header.warnings, ...warnings, ...trailing],
  };
}
