import { open, readdir, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "@multirnet/base";

import { ImagingError } from "../errors.js";

/** An open file, its size and its first bytes. */
export interface OpenFile {
  readonly handle: FileHandle;
  readonly bytes: number;
  readonly beginning: Uint8Array;
}

const DICOM_MARK_AT = 128;
const DICOM_MARK = "DICM";

/**
 * Opens a file for `read`, closes it afterwards, and gives system errors the path and words.
 *
 * @param beginningBytes how much of the beginning is wanted; less comes if the file is shorter
 * @throws ImagingError all that begin with FILE but FILE_FORMAT_UNKNOWN and FILE_ENDING_UNKNOWN
 */
export async function withFile<T>(
  path: string,
  beginningBytes: number,
  read: (file: OpenFile) => Promise<T>,
): Promise<T> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, "r");
    const stats = await handle.stat();
    if (stats.isDirectory()) {
      throw new ImagingError({ code: (await holdsDicom(path)) ? "FILE_IS_DICOM" : "FILE_IS_FOLDER", path });
    }
    const beginning = await readAt(handle, 0, Math.max(beginningBytes, DICOM_MARK_AT + DICOM_MARK.length));
    if (beginning.length === 0) throw new ImagingError({ code: "FILE_EMPTY", path });
    if (looksLikeDicom(path, beginning)) throw new ImagingError({ code: "FILE_IS_DICOM", path });
    return await read({ handle, bytes: stats.size, beginning });
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error && "code" in error)) throw error;
    if (error.code === "ENOENT") throw new ImagingError({ code: "FILE_MISSING", path }, { cause: error });
    throw new ImagingError({ code: "FILE_UNREADABLE", path, because: messageOf(error) }, { cause: error });
  } finally {
    await handle?.close();
  }
}

/** @returns up to `bytes` bytes from a place on; fewer only at the file's end */
export async function readAt(handle: FileHandle, place: number, bytes: number): Promise<Uint8Array> {
  const out = new Uint8Array(bytes);
  let filled = 0;
  while (filled < bytes) {
    const length = Math.min(bytes - filled, READ_BYTES);
    const { bytesRead } = await handle.read(out, filled, length, place + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled === bytes ? out : out.subarray(0, filled);
}

const READ_BYTES = 1 << 26; // a single read of 2 GiB or more fails on some systems

function looksLikeDicom(path: string, beginning: Uint8Array): boolean {
  const mark = String.fromCharCode(...beginning.subarray(DICOM_MARK_AT, DICOM_MARK_AT + DICOM_MARK.length));
  return mark === DICOM_MARK || path.toLowerCase().endsWith(".dcm");
}

/** Whether any of a folder's first files is DICOM; subfolders are not looked into. */
async function holdsDicom(folder: string): Promise<boolean> {
  const entries = await readdir(folder, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(folder, entry.name));
  for (const path of files.slice(0, 20)) {
    const handle = await open(path, "r");
    try {
      if (looksLikeDicom(path, await readAt(handle, 0, DICOM_MARK_AT + DICOM_MARK.length))) return true;
    } finally {
      await handle.close();
    }
  }
  return false;
}
