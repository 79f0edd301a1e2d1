import { messageOf } from "@multirnet/base";
import { FileError } from "@multirnet/base/node";

import { ArtifactError } from "./errors.js";

/** @returns why `path` could not be written; a FileError about a part of it becomes one about `path` */
export function unwritable(path: string, thrown: unknown): FileError {
  const because =
    thrown instanceof FileError && thrown.problem.code === "FILE_UNWRITABLE"
      ? thrown.problem.because
      : messageOf(thrown);
  return new FileError(
    isFullDisk(thrown) ? { code: "FILE_DISK_FULL", path } : { code: "FILE_UNWRITABLE", path, because },
    { cause: thrown },
  );
}

/** @returns why `path` could not be read */
export function unreadable(path: string, thrown: unknown): ArtifactError {
  return new ArtifactError({ code: "ARTIFACT_UNREADABLE", path, because: messageOf(thrown) }, { cause: thrown });
}

/** @returns whether a system call failed because nothing is at the path */
export function isAbsence(thrown: unknown): boolean {
  return hasCode(thrown, "ENOENT", "ENOTDIR");
}

function isFullDisk(thrown: unknown): boolean {
  return hasCode(thrown, "ENOSPC", "EDQUOT", "FILE_DISK_FULL");
}

function hasCode(thrown: unknown, ...codes: readonly string[]): boolean {
  return thrown instanceof Error && "code" in thrown && codes.some((code) => code === thrown.code);
}
