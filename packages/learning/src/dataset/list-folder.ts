import { readdir } from "node:fs/promises";

import { messageOf } from "@multirnet/base";

import { DatasetError } from "./dataset-error.js";

/**
 * The names in a folder; undefined where there is no such folder.
 *
 * @throws DatasetError DATASET_FILE_UNREADABLE where there is one that the system does not hand out
 */
export async function listFolder(path: string): Promise<string[] | undefined> {
  try {
    return await readdir(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR"))
      return undefined;
    throw new DatasetError({ code: "DATASET_FILE_UNREADABLE", path, because: messageOf(error) }, { cause: error });
  }
}
