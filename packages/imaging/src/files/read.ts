import { ImagingError } from "../errors.js";
import { decodeNifti, type DecodedNifti } from "../nifti/decode.js";
import { readNiftiHeader } from "../nifti/header.js";
import { LONGEST_HEADER_BYTES, type NiftiFormat } from "../nifti/layout.js";
import { placeOf } from "../nifti/meanings.js";
import type { Meaning, Volume } from "../volume.js";
import { readAt, withFile } from "./open.js";
import { isGzip, unpacked, type Unpacked } from "./unpack.js";

/** A CT as it was read: its voxels, how it was stored, and what the reader had to assume. */
export interface Scan {
  readonly volume: Volume<"hounsfield">;
  readonly format: NiftiFormat;
  readonly description: string; // the header's free text
  readonly warnings: readonly string[];
}

/**
 * Reads a CT from a NIfTI-1 or NIfTI-2 file, packed with gzip or not, whatever its name ends in.
 *
 * @throws ImagingError all that begin with FILE but FILE_ENDING_UNKNOWN, all that begin with GZIP or NIFTI, VOLUME_TOO_LARGE
 */
export function readScan(path: string): Promise<Scan> {
  return readNifti(path, "hounsfield");
}

export interface LabelOptions {
  /** The labels that may occur, background included; any from 0 to 255 unless given. */
  readonly allowed?: readonly number[];
}

/** A mask as it was read, and what the reader had to assume. */
export interface LabelMap {
  readonly volume: Volume<"label">;
  readonly warnings: readonly string[];
}

/**
 * Reads a mask or label map.
 *
 * @throws ImagingError as `readScan`; LABEL_INVALID, LABEL_UNKNOWN
 */
export async function readLabels(path: string, { allowed }: LabelOptions = {}): Promise<LabelMap> {
  const { volume, warnings } = await readNifti(path, "label");
  if (allowed) requireAllowed(volume, allowed, path);
  return { volume, warnings };
}

/**
 * Reads a probability map.
 *
 * @throws ImagingError as `readScan`; PROBABILITY_INVALID
 */
export async function readProbability(path: string): Promise<Volume<"probability">> {
  return (await readNifti(path, "probability")).volume;
}

async function readNifti<M extends Meaning>(path: string, meaning: M): Promise<DecodedNifti<M>> {
  const { bytes, fileBytes } = await readNiftiBytes(path);
  return decodeNifti(bytes, path, meaning, fileBytes);
}

/** The header first, and of the rest only what it promises. */
async function readNiftiBytes(path: string): Promise<Unpacked> {
  return withFile(path, LONGEST_HEADER_BYTES, async ({ handle, bytes, beginning }) => {
    const promised = (beginning: Uint8Array): number => readNiftiHeader(beginning, path).fileBytes;
    if (isGzip(beginning)) return unpacked(handle, path, bytes, LONGEST_HEADER_BYTES, promised);
    const wanted = Math.min(promised(beginning), bytes);
    return { bytes: await readAt(handle, 0, wanted), fileBytes: bytes };
  });
}

function requireAllowed({ grid, voxels }: Volume<"label">, allowed: readonly number[], path: string): void {
  const known = new Uint8Array(256);
  for (const label of allowed) known[label] = 1;
  for (let i = 0; i < voxels.length; i++) {
    const value = voxels[i] as number;
    if (known[value] !== 1) {
      throw new ImagingError({ code: "LABEL_UNKNOWN", path, value, at: placeOf(i, grid.size), allowed });
    }
  }
}
