import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";

import { messageOf } from "@multirnet/base";
import { writeFileAtomically } from "@multirnet/base/node";
import type { Box, Grid } from "@multirnet/imaging";

import { DatasetError } from "./dataset-error.js";
import type { PreparedVolumes } from "./preparation.js";
import type { LesionComponent } from "./prepared-case.js";

/**
 * A prepared case on disk, to be read back by the machine that wrote it (numbers in its own byte order): the mark, the length of
 * the header (32 bits), the header (JSON), the arrays, SHA-256 of all before.
 */
const MARK = "MRNPREP1";
const HASH_BYTES = 32;

interface Header {
  readonly key: string;
  readonly grid: Grid;
  readonly sourceGrid: Grid;
  readonly body: Box;
  readonly components: readonly LesionComponent[];
  readonly placesAre: PreparedVolumes["placesAre"];
  readonly places: number;
  readonly masked: boolean;
}

/** @throws FileError when the file cannot be written; nothing is left then */
export async function writePrepared(path: string, key: string, prepared: PreparedVolumes): Promise<void> {
  const { grid, sourceGrid, body, components, placesAre, image, mask, places } = prepared;
  const header: Header = {
    key,
    grid,
    sourceGrid,
    body,
    components,
    placesAre,
    places: places.length,
    masked: mask !== undefined,
  };
  const json = Buffer.from(JSON.stringify(header));
  const start = Buffer.alloc(MARK.length + 4);
  start.write(MARK, "latin1");
  start.writeUInt32LE(json.length, MARK.length);
  const arrays = [places, image, ...(mask === undefined ? [] : [mask])].map(
    ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
  );
  const parts = [start, json, ...arrays];
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  await writeFileAtomically(path, [...parts, hash.digest()]);
}

/**
 * @returns what was written under this key; undefined where there is no such file, or it is cut short, damaged or of another key,
 * so that the caller makes it anew
 * @throws DatasetError DATASET_FILE_UNREADABLE when there is a file but the system does not hand it out
 */
export async function readPrepared(path: string, key: string): Promise<PreparedVolumes | undefined> {
  let file: Buffer;
  try {
    file = await readFile(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new DatasetError({ code: "DATASET_FILE_UNREADABLE", path, because: messageOf(error) }, { cause: error });
  }
  const end = file.length - HASH_BYTES;
  if (end < MARK.length + 4 || file.toString("latin1", 0, MARK.length) !== MARK) return undefined;
  const hash = createHash("sha256").update(file.subarray(0, end)).digest();
  if (!hash.equals(file.subarray(end))) return undefined;
  // The hash holds, so the rest is as it was written.
  const startOfArrays = MARK.length + 4 + file.readUInt32LE(MARK.length);
  const header = JSON.parse(file.toString("utf8", MARK.length + 4, startOfArrays)) as Header;
  if (header.key !== key) return undefined;
  const { grid, sourceGrid, body, components, placesAre } = header;
  const voxels = grid.size.x * grid.size.y * grid.size.z;
  let at = startOfArrays;
  const take = (bytes: number): SharedArrayBuffer => {
    const shared = new SharedArrayBuffer(bytes); // so that threads need no copy of their own
    new Uint8Array(shared).set(file.subarray(at, at + bytes));
    at += bytes;
    return shared;
  };
  const places = new Uint32Array(take(4 * header.places));
  const image = new Uint16Array(take(2 * voxels));
  const mask = header.masked ? { mask: new Uint8Array(take(voxels)) } : {};
  return { grid, sourceGrid, body, components, placesAre, places, image, ...mask };
}
