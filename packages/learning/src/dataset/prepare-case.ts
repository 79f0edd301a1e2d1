import { createHash } from "node:crypto";
import { join } from "node:path";

import { hashFile } from "@multirnet/artifacts";
import { CT_WINDOW_HU } from "@multirnet/imaging";

import type { CaseEntry } from "./case-entry.js";
import { requireCase } from "./case-volumes.js";
import type { Dataset } from "./dataset.js";
import {
  channelTable,
  PREPARATION_VERSION,
  prepareVolumes,
  type PreparationSettings,
  type PreparedVolumes,
} from "./preparation.js";
import type { PreparedCase } from "./prepared-case.js";
import { readPrepared, writePrepared } from "./prepared-file.js";

/**
 * Prepares a case, or takes it from the cache: a file for each content of the case's files, settings and version of this code, so
 * an entry is never out of date and is made anew when it is damaged. Nothing removes old entries; the folder may be deleted at any
 * time.
 *
 * @param labels the dataset's, for the channels of a drawn mask
 * @param cacheDir made where missing; without it nothing is kept
 * @throws DatasetError DATASET_LABEL_UNKNOWN, DATASET_LABEL_TWICE, DATASET_LABEL_UNTYPED, DATASET_SCAN_UNREADABLE, DATASET_GRID_DIFFERS,
 * DATASET_FILE_UNREADABLE
 * @throws FileError when the cache cannot be written
 */
export async function prepareCase(
  entry: CaseEntry,
  labels: Dataset["labels"],
  { spacing, channels }: PreparationSettings,
  cacheDir?: string,
): Promise<PreparedCase> {
  const table = entry.mask === "drawn" ? channelTable(labels, channels) : new Uint8Array(256);
  const make = async (): Promise<PreparedVolumes> => prepareVolumes(await requireCase(entry, labels), spacing, table);
  if (cacheDir === undefined) return assemble(entry, channels, await make());

  const hashes = await Promise.all(
    [entry.image, entry.label, entry.lung].map(async (path) => (path === undefined ? "none" : hashFile(path))),
  );
  const known = Object.values(labels); // a mask that was sound may not be so under other labels
  const facts = [PREPARATION_VERSION, CT_WINDOW_HU, spacing.x, spacing.y, spacing.z, ...table, known, hashes];
  const key = createHash("sha256").update(JSON.stringify(facts)).digest("hex");
  const path = join(cacheDir, `${entry.name}-${key.slice(0, 16)}.prepared`);
  const kept = await readPrepared(path, key);
  if (kept !== undefined) return assemble(entry, channels, kept);
  const made = await make();
  await writePrepared(path, key, made);
  return assemble(entry, channels, (await readPrepared(path, key)) ?? made); // as it is read: in memory that threads share
}

function assemble(entry: CaseEntry, channels: readonly string[], prepared: PreparedVolumes): PreparedCase {
  const empty = entry.mask === "empty" ? { mask: new Uint8Array(new SharedArrayBuffer(prepared.image.length)) } : {};
  return { ...prepared, ...empty, entry, channels };
}
