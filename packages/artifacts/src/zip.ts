import {
  ERR_BAD_FORMAT,
  ERR_EOCDR_NOT_FOUND,
  ERR_UNSAFE_FILENAME,
  Uint8ArrayReader,
  Uint8ArrayWriter,
  ZipReader,
  type FileEntry,
} from "@zip.js/zip.js";

import { messageOf } from "@multirnet/base";

import { allowance } from "./allowance.js";
import { ArtifactError } from "./errors.js";
import { shown } from "./shown.js";

/** One file in a zip, as the archive's directory lists it; `read` unpacks it and checks length and sum. */
export interface ZipEntry {
  readonly name: string;
  readonly read: () => Promise<Uint8Array>;
}

/**
 * An archive that two programs could read in two ways (a name twice, local headers that say something else than the directory, bytes before the first
 * or after the last record, entries that overlap) is refused, and no name leads out of it. Nothing unpacks to more than its directory says.
 */
const READING = {
  filenameValidation: "balanced",
  checkCrc32: true,
  checkOverlappingEntry: true,
  useWebWorkers: false,
} as const;

/** @returns whether bytes begin as a zip does */
export function looksLikeZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5);
}

/**
 * The files of a zip, read by zip.js. Nothing is unpacked to disk. Folders and macOS' `__MACOSX/` are left out; backslashes, as old Windows tools write
 * them, count as slashes. What all of them together would unpack to is held to the allowance of the archive's length.
 *
 * @param path only for the words of errors
 * @param strictness lenient for archives of other programs, which do not all keep to one way: PyTorch writes a second end record
 * @throws ArtifactError ZIP_DAMAGED, ZIP_TOO_LARGE, ZIP_UNSAFE_NAME (absolute, or with a `..` part)
 */
export async function zipEntries(
  archive: Uint8Array,
  path: string,
  strictness: "strict" | "lenient" = "strict",
): Promise<readonly ZipEntry[]> {
  const reader = new ZipReader(new Uint8ArrayReader(archive), {
    ...READING,
    ...(strictness === "strict" ? { strictness } : {}),
  });
  const files = await filesIn(reader, path);
  const bytes = files.reduce((sum, file) => sum + file.uncompressedSize, 0);
  const most = allowance(archive.length);
  if (bytes > most) throw new ArtifactError({ code: "ZIP_TOO_LARGE", path, bytes, archive: archive.length, most });
  const entries = files
    .map((file) => ({ name: file.filename.replaceAll("\\", "/"), read: () => unpack(file, path) }))
    .filter(({ name }) => !name.startsWith("__MACOSX/"));
  const names = new Set<string>();
  for (const { name } of entries) {
    if (names.has(name)) throw damaged(path, `the name ${shown(name)} is in it twice`);
    names.add(name);
  }
  return entries;
}

async function filesIn(reader: ZipReader<Uint8Array>, path: string): Promise<FileEntry[]> {
  try {
    return (await reader.getEntries()).filter((entry) => !entry.directory);
  } catch (error) {
    if (messageOf(error) === ERR_UNSAFE_FILENAME) {
      const { filename: entry } = error as { readonly filename: string };
      throw new ArtifactError({ code: "ZIP_UNSAFE_NAME", path, entry }, { cause: error });
    }
    throw damaged(path, reasonOf(error), error);
  }
}

async function unpack(entry: FileEntry, path: string): Promise<Uint8Array> {
  if (entry.encrypted) throw damaged(path, `${shown(entry.filename)} is encrypted`);
  try {
    return await entry.getData(new Uint8ArrayWriter());
  } catch (error) {
    throw damaged(path, `${shown(entry.filename)}: ${reasonOf(error)}`, error);
  }
}

/** The library's words, with what it found where it says so. */
function reasonOf(error: unknown): string {
  const words = messageOf(error);
  if (words === ERR_EOCDR_NOT_FOUND || words === ERR_BAD_FORMAT)
    return "its directory at the end is missing; was it cut short?";
  const { reason, cause } = error as { readonly reason?: string; readonly cause?: unknown };
  const detail = reason ?? (cause === undefined ? undefined : messageOf(cause));
  return detail === undefined ? words : `${words} (${detail})`;
}

function damaged(path: string, because: string, cause?: unknown): ArtifactError {
  return new ArtifactError({ code: "ZIP_DAMAGED", path, because }, cause === undefined ? {} : { cause });
}
