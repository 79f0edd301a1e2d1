import { pipeline } from "node:stream";
import type { FileHandle } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { messageOf } from "@multirnet/base";

import { ImagingError } from "../errors.js";
import { joined } from "../joined.js";

/** Takes the unpacked bytes as they come. */
export interface Receiver {
  readonly wantedBytes: number;
  add(bytes: Uint8Array): void;
}

/** How much more than the header promises may come: some writers add a little. More than this is an attack or a mistake. */
const SLACK_BYTES = 1 << 20;

/** Deflate cannot shrink by more than this: a file that would have to does not hold what its header promises. */
export const DEFLATE_LIMIT = 1032;

const CHUNK_BYTES = 1 << 20;

export function isGzip(beginning: Uint8Array): boolean {
  return beginning[0] === 0x1f && beginning[1] === 0x8b;
}

/**
 * Unpacks a gzip file that begins with a header, which says how much is to come, and hands it on bit by bit. Unpacking stops soon after that much has come.
 *
 * @param headerBytes how much of the beginning `begin` wants to see; it gets less if there is less
 * @param begin reads the header and says who takes what comes, the beginning too; what it throws is thrown
 * @returns who took it, and how long the unpacked file is
 * @throws ImagingError GZIP_TRUNCATED, GZIP_DAMAGED, GZIP_TOO_LONG
 */
export async function unpack<R extends Receiver>(
  handle: FileHandle,
  path: string,
  headerBytes: number,
  begin: (beginning: Uint8Array) => R,
): Promise<{ readonly receiver: R; readonly bytes: number }> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  const file = handle.createReadStream({ start: 0, autoClose: false, highWaterMark: CHUNK_BYTES });
  pipeline(file, gunzip, () => undefined); // errors come out of the loop below
  let beginning: Uint8Array = new Uint8Array(0);
  let receiver: R | undefined;
  let came = 0;
  const start = (): R => {
    const found = begin(beginning);
    found.add(beginning);
    return found;
  };
  try {
    for await (const chunk of gunzip as AsyncIterable<Uint8Array>) {
      came += chunk.length;
      if (receiver === undefined) {
        beginning = joined(beginning, chunk);
        if (beginning.length >= headerBytes) receiver = start();
      } else receiver.add(chunk);
      if (receiver !== undefined && came > receiver.wantedBytes + SLACK_BYTES) {
        throw new ImagingError({ code: "GZIP_TOO_LONG", path, promisedBytes: receiver.wantedBytes });
      }
    }
  } catch (error) {
    throw gzipError(error, path, came);
  } finally {
    gunzip.destroy();
    file.destroy();
  }
  return { receiver: receiver ?? start(), bytes: came };
}

function gzipError(error: unknown, path: string, bytes: number): unknown {
  if (!(error instanceof Error && "code" in error && typeof error.code === "string")) return error;
  if (error.code === "Z_BUF_ERROR") return new ImagingError({ code: "GZIP_TRUNCATED", path, bytes }, { cause: error });
  if (!error.code.startsWith("Z_")) return error;
  return new ImagingError({ code: "GZIP_DAMAGED", path, because: messageOf(error) }, { cause: error });
}
