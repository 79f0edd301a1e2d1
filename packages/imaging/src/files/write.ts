import { Readable, pipeline } from "node:stream";
import { createGzip } from "node:zlib";
import { writeFileAtomically } from "@multirnet/base/node";

import { ImagingError } from "../errors.js";
import { niftiParts, type NiftiOptions } from "../nifti/encode.js";
import type { Volume } from "../volume.js";

/** Little is gained by more on CT, and masks become small at any level. */
const GZIP_LEVEL = 1;

/**
 * Writes a volume as NIfTI, packed if the path ends in .nii.gz; all of it or nothing. The same volume gives the same bytes.
 *
 * @throws ImagingError FILE_ENDING_UNKNOWN; FileError FILE_DISK_FULL, FILE_UNWRITABLE
 */
export async function writeNifti(path: string, volume: Volume, options: NiftiOptions = {}): Promise<void> {
  const name = path.toLowerCase();
  if (name.endsWith(".nii.gz")) await writeFileAtomically(path, packed(niftiParts(volume, options)));
  else if (name.endsWith(".nii")) await writeFileAtomically(path, niftiParts(volume, options));
  else throw new ImagingError({ code: "FILE_ENDING_UNKNOWN", path });
}

function packed(parts: Iterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const gzip = createGzip({ level: GZIP_LEVEL, chunkSize: 1 << 18 });
  pipeline(Readable.from(parts), gzip, () => undefined); // errors come out of the one who reads
  return gzip;
}
