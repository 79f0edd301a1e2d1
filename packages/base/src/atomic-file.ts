import { mkdir, open, rename, unlink, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";

import { CodedError, messageOf } from "./errors.js";
import { temporaryFor } from "./temporaries.js";

export type FileProblem =
  | { readonly code: "FILE_DISK_FULL"; readonly path: string }
  | { readonly code: "FILE_UNWRITABLE"; readonly path: string; readonly because: string }
  | { readonly code: "FILE_FOLDER_TAKEN"; readonly path: string; readonly holds: string };

/** A file that could not be written; nothing of it was left behind. */
export class FileError extends CodedError<FileProblem> {
  readonly blame = this.problem.code === "FILE_FOLDER_TAKEN" ? "input" : "work";

  constructor(problem: FileProblem, options?: ErrorOptions) {
    super(problem, explain(problem), options);
  }
}

function explain(problem: FileProblem): string {
  switch (problem.code) {
    case "FILE_DISK_FULL":
      return `no space left on the disk for ${problem.path}; nothing was written there`;
    case "FILE_UNWRITABLE":
      return `cannot write ${problem.path}: ${problem.because}`;
    case "FILE_FOLDER_TAKEN":
      return `${problem.path} holds ${problem.holds}, which would be lost; choose a new or an empty folder`;
  }
}

/**
 * Writes a file so that a reader sees all of it or nothing: to a temporary name in the same folder, fsynced, renamed, and the
 * folder fsynced. Folders on the way are made. On failure the temporary file is removed and an older file is left as it was.
 *
 * @param parts the file's bytes, in order; a generator may make them one after another
 * @throws FileError FILE_DISK_FULL, FILE_UNWRITABLE
 */
export async function writeFileAtomically(
  path: string,
  parts: Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>,
): Promise<void> {
  const folder = dirname(path);
  const temporary = temporaryFor(path);
  let handle: FileHandle | undefined;
  try {
    await mkdir(folder, { recursive: true });
    handle = await open(temporary, "wx");
    for await (const part of parts) await handle.writeFile(part);
    await handle.sync();
    await handle.close();
    handle = undefined;
    await rename(temporary, path);
    await syncFolder(folder);
  } catch (error) {
    await handle?.close().catch(() => undefined);
    await unlink(temporary).catch(() => undefined);
    throw fileErrorOf(path, error);
  }
}

/** Makes a rename last. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  await handle.sync().catch(() => undefined); // some file systems cannot sync a folder; the rename has happened all the same
  await handle.close();
}

/** @returns what a system call threw as a FileError about `path`, as one about a file in it; anything else as it is */
export function fileErrorOf(path: string, thrown: unknown): unknown {
  if (thrown instanceof FileError) return new FileError({ ...thrown.problem, path }, { cause: thrown });
  if (!isSystemError(thrown)) return thrown;
  const full = thrown.code === "ENOSPC" || thrown.code === "EDQUOT";
  return new FileError(
    full ? { code: "FILE_DISK_FULL", path } : { code: "FILE_UNWRITABLE", path, because: messageOf(thrown) },
    { cause: thrown },
  );
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error && "syscall" in error;
}
