import { pipeline } from "node:stream";
import type { FileHandle } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { messageOf } from "@multirnet/base";

import { ImagingError } from "../errors.js";

/** The beginning of an unpacked file, as much of it as was asked for, and how long the whole is. */
export interface Unpacked {
  readonly bytes: Uint8Array;
  readonly fileBytes: number;
}

/** How much more than the header promises may come: some writers add a little. More than this is an attack or a mistake. */
const SLACK_BYTES = 1 << 20;

/** Deflate cannot shrink by more than this: a file that would have to does not hold what its header promises. */
const DEFLATE_LIMIT = 1032;

const CHUNK_BYTES = 1 << 20;

export function isGzip(beginning: Uint8Array): boolean {
  return beginning[0] === 0x1f && beginning[1] === 0x8b;
}

/**
 * Unpacks a gzip file that begins with a header, which says how much is to come. Memory is taken once, for as much as the header
 * promises and the file can hold, and unpacking stops soon after that much has come.
 *
 * @param packedBytes the size of the packed file
 * @param headerBytes how much of the beginning `promised` wants to see; it gets less if there is less
 * @param promised reads the header: how many bytes are wanted; what it throws is thrown
 * @throws ImagingError GZIP_TRUNCATED, GZIP_DAMAGED, GZIP_TOO_LONG
 */
export async function unpacked(
  handle: FileHandle,
  path: string,
  packedBytes: number,
  headerBytes: number,
  promised: (beginning: Uint8Array) => number,
): Promise<Unpacked> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  const file = handle.createReadStream({ start: 0, autoClose: false, highWaterMark: CHUNK_BYTES });
  pipeline(file, gunzip, () => undefined); // errors come out of the loop below
  let beginning: Uint8Array = new Uint8Array(0);
  let out: Uint8Array | undefined;
  let wanted = 0;
  let came = 0;
  const start = (): Uint8Array => {
    wanted = promised(beginning);
    const room = new Uint8Array(wanted <= packedBytes * DEFLATE_LIMIT ? wanted : beginning.length);
    room.set(beginning.subarray(0, room.length));
    return room;
  };
  try {
    for await (const chunk of gunzip as AsyncIterable<Uint8Array>) {
      if (out === undefined) {
        beginning = joined(beginning, chunk);
        if (beginning.length >= headerBytes) out = start();
      } else if (came < out.length) {
        out.set(came + chunk.length <= out.length ? chunk : chunk.subarray(0, out.length - came), came);
      }
      came += chunk.length;
      if (out !== undefined && came > wanted + SLACK_BYTES) {
        throw new ImagingError({ code: "GZIP_TOO_LONG", path, promisedBytes: wanted });
      }
    }
  } catch (error) {
    throw gzipError(error, path, came);
  } finally {
    gunzip.destroy();
    file.destroy();
  }
  out ??= start();
  return { bytes: came < out.length ? out.subarray(0, came) : out, fileBytes: came };
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function gzipError(error: unknown, path: string, bytes: number): unknown {
  if (!(error instanceof Error && "code" in error && typeof error.code === "string")) return error;
  if (error.code === "Z_BUF_ERROR") return new ImagingError({ code: "GZIP_TRUNCATED", path, bytes }, { cause: error });
  if (!error.code.startsWith("Z_")) return error;
  return new ImagingError({ code: "GZIP_DAMAGED", path, because: messageOf(error) }, { cause: error });
}
