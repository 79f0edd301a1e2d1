import { randomBytes } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** The names of what is not whole yet. */
const TEMPORARY = /^\..+\.[0-9a-f]{12}\.tmp$/;

/** @returns a name of its own beside a path, for what is to take its place when it is whole */
export function temporaryFor(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
}

/** Removes what a killed writer left half written in `folder`; only for a folder that no other process writes into. */
export async function sweepTemporaries(folder: string): Promise<void> {
  const names = await namesIn(folder).catch(() => []);
  for (const name of names.filter(isTemporary)) await rm(join(folder, name), { recursive: true });
}

export function isTemporary(name: string): boolean {
  return TEMPORARY.test(name);
}

/** @returns the names in a folder, sorted; none where there is no folder */
export async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}
