import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

import { unreadable } from "./file-error.js";

/** @returns the SHA-256 of bytes, 64 hexadecimal digits */
export function digestOf(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** @returns the SHA-256 of a file, read piece by piece @throws ArtifactError ARTIFACT_UNREADABLE */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array);
  } catch (error) {
    throw unreadable(path, error);
  }
  return hash.digest("hex");
}
