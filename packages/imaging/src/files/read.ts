import { ImagingError } from "../errors.js";
import { NiftiDecoder, type DecodedNifti } from "../nifti/decode.js";
import { readNiftiHeader } from "../nifti/header.js";
import { LONGEST_HEADER_BYTES, type NiftiFormat } from "../nifti/layout.js";
import { placeOf } from "../nifti/meanings.js";
import type { Meaning, Volume } from "../volume.js";
import { readAt, withFile } from "./open.js";
import { DEFLATE_LIMIT, isGzip, unpack } from "./unpack.js";

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

/** The header first, and of the rest only what it promises, made into voxels as it comes. */
async function readNifti<M extends Meaning>(path: string, meaning: M): Promise<DecodedNifti<M>> {
  return withFile(path, LONGEST_HEADER_BYTES, async ({ handle, bytes, beginning }) => {
    const decoderOf = (start: Uint8Array, possibleBytes: number): NiftiDecoder<M> =>
      new NiftiDecoder(readNiftiHeader(start, path), path, meaning, possibleBytes);
    if (isGzip(beginning)) {
      const packed = await unpack(handle, path, LONGEST_HEADER_BYTES, (start) =>
        decoderOf(start, bytes * DEFLATE_LIMIT),
      );
      return packed.receiver.finish(packed.bytes);
    }
    const decoder = decoderOf(beginning, bytes);
    const wanted = Math.min(decoder.wantedBytes, bytes);
    for (let at = 0; at < wanted; at += PART_BYTES)
      decoder.add(await readAt(handle, at, Math.min(PART_BYTES, wanted - at)));
    return decoder.finish(bytes);
  });
}

const PART_BYTES = 1 << 20;

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
