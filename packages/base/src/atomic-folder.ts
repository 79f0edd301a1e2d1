import { randomBytes } from "node:crypto";
import { mkdir, rename, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

import { fileErrorOf, syncFolder } from "./atomic-file.js";

/**
 * Makes a folder so that all of it appears or nothing: `fill` writes into a hidden folder beside its place, which is renamed when
 * `fill` is done. On failure what was made is removed, folders on the way included.
 *
 * @param path where there is nothing yet, or an empty folder
 * @throws FileError FILE_DISK_FULL, FILE_UNWRITABLE, about `path` whichever file in it failed; what else `fill` throws
 */
export async function writeFolderAtomically(path: string, fill: (staging: string) => Promise<void>): Promise<void> {
  const place = resolve(path);
  const staging = join(dirname(place), `.${basename(place)}.${randomBytes(6).toString("hex")}.tmp`);
  let made: string | undefined; // the topmost folder that was not there
  try {
    made = await mkdir(staging, { recursive: true });
    await fill(staging);
    await rename(staging, place);
    await syncFolder(dirname(place));
  } catch (error) {
    await rm(staging, { recursive: true, force: true }).catch(() => undefined);
    if (made !== undefined) await removeEmpty(dirname(staging), made);
    throw fileErrorOf(path, error);
  }
}

/** Removes a folder and those above it, up to `topmost`; not one in which somebody else has put something since. */
async function removeEmpty(folder: string, topmost: string): Promise<void> {
  for (let at = folder; at.startsWith(topmost); at = dirname(at)) {
    try {
      await rmdir(at);
    } catch {
      return;
    }
  }
}
