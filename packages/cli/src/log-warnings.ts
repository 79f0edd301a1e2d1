import type { Io } from "./io.js";

/** What a reader had to assume of a file, a line each. */
export function logWarnings(io: Io, path: string, warnings: readonly string[]): void {
  for (const warning of warnings) io.log(`${path}: ${warning}`);
}
