import { mkdir, rename, rm, rmdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";

import { FileError, fileErrorOf, syncFolder } from "./atomic-file.js";
import { namesIn, temporaryFor } from "./temporaries.js";

/**
 * Makes a folder so that all of it appears or nothing: `fill` writes into a hidden folder beside its place, which is renamed when
 * `fill` is done. On failure what was made is removed, folders on the way included.
 *
 * @param path where there is nothing yet, an empty folder, or one that holds nothing but `replaces`: an older result, which goes
 * when the new one is whole
 * @throws FileError FILE_FOLDER_TAKEN before anything is done; FILE_DISK_FULL, FILE_UNWRITABLE, about `path` whichever file in it
 * failed; what else `fill` throws
 */
export async function writeFolderAtomically(
  path: string,
  fill: (staging: string) => Promise<void>,
  { replaces = [] }: { readonly replaces?: readonly string[] } = {},
): Promise<void> {
  const place = resolve(path);
  const staging = temporaryFor(place);
  let made: string | undefined; // the topmost folder that was not there
  try {
    const old = await requireFreeFolder(path, replaces);
    made = await mkdir(staging, { recursive: true });
    await fill(staging);
    if (old.length > 0) await replaceFolder(staging, place);
    else await rename(staging, place);
    await syncFolder(dirname(place));
  } catch (error) {
    await rm(staging, { recursive: true, force: true }).catch(() => undefined);
    if (made !== undefined) await removeEmpty(dirname(staging), made);
    throw fileErrorOf(path, error);
  }
}

/**
 * Asks, before work begins, whether a folder may be written.
 *
 * @returns what it holds: nothing but `replaces`
 * @throws FileError FILE_FOLDER_TAKEN, FILE_UNWRITABLE
 */
export async function requireFreeFolder(path: string, replaces: readonly string[]): Promise<readonly string[]> {
  const old = await namesIn(path).catch((error: unknown) => {
    throw fileErrorOf(path, error);
  });
  const foreign = old.find((name) => !replaces.includes(name));
  if (foreign !== undefined) throw new FileError({ code: "FILE_FOLDER_TAKEN", path, holds: foreign });
  return old;
}

/** No system call swaps two folders for all of Node's platforms: the old one steps aside, and back if the new one cannot come. */
async function replaceFolder(staging: string, place: string): Promise<void> {
  const aside = `${staging}.old`;
  await rename(place, aside);
  try {
    await rename(staging, place);
  } catch (error) {
    await rename(aside, place);
    throw error;
  }
  await rm(aside, { recursive: true });
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
