import { messageOf } from "@multirnet/base";

import { ArtifactError } from "./errors.js";

/** @returns why `path` could not be read */
export function unreadable(path: string, thrown: unknown): ArtifactError {
  return new ArtifactError({ code: "ARTIFACT_UNREADABLE", path, because: messageOf(thrown) }, { cause: thrown });
}

/** @returns whether a system call failed because nothing is at the path */
export function isAbsence(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && (thrown.code === "ENOENT" || thrown.code === "ENOTDIR");
}
