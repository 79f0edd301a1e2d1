import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** The names that `writeFileAtomically` gives to what is not whole yet. */
const TEMPORARY = /^\..+\.[0-9a-f]{12}\.tmp$/;

/** Removes what a killed writer left half written in `folder`; only for a folder that no other process writes into. */
export async function sweepTemporaries(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((name) => TEMPORARY.test(name))) await rm(join(folder, name), { recursive: true });
}

/** @returns the names in a folder, unfinished files left out; none where there is no folder */
export async function namesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  });
  return names.filter((name) => !TEMPORARY.test(name)).sort();
}
