import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

import { writeFileAtomically, writeFolderAtomically } from "@multirnet/base/node";

import { formatCaseTable, type CaseRow } from "./case-table.js";
import { DatasetError } from "./dataset-error.js";
import { formatDescription, type Description } from "./description.js";

/** Where the files of a case belong in the dataset that is written. */
export interface CaseFiles {
  readonly image: string;
  readonly label: string;
  readonly lung: string;
}

/** A case for a new dataset: its row of the table, and how its files come there. */
export interface NewCase {
  readonly facts: Omit<CaseRow, "row">;
  readonly write: (files: CaseFiles) => Promise<void>;
}

export interface WriteOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told after each case that is written. */
  readonly onCase?: ((done: number) => void) | undefined;
}

/**
 * Writes a dataset folder: the files of one case after another, then the tables. The folder appears whole or not at all.
 *
 * @param out where there is nothing yet, or an empty folder
 * @throws DatasetError DATASET_OUT_EXISTS
 * @throws FileError FILE_DISK_FULL, FILE_UNWRITABLE
 */
export async function writeDataset(
  out: string,
  description: Description,
  cases: Iterable<NewCase>,
  { signal, onCase }: WriteOptions = {},
): Promise<void> {
  if (!(await isFree(out))) throw new DatasetError({ code: "DATASET_OUT_EXISTS", path: out });
  const { fileEnding } = description;
  await writeFolderAtomically(out, async (staging) => {
    const rows: NewCase["facts"][] = [];
    signal?.throwIfAborted();
    for (const { facts, write } of cases) {
      const suffix = facts.split === "test" ? "Ts" : "Tr";
      await write({
        image: join(staging, `images${suffix}`, `${facts.name}_0000${fileEnding}`),
        label: join(staging, `labels${suffix}`, facts.name + fileEnding),
        lung: join(staging, `lungs${suffix}`, facts.name + fileEnding),
      });
      rows.push(facts);
      onCase?.(rows.length);
      signal?.throwIfAborted();
    }
    await writeFileAtomically(join(staging, "cases.csv"), [formatCaseTable(rows)]);
    const training = rows.filter(({ split }) => split !== "test").length;
    await writeFileAtomically(join(staging, "dataset.json"), [formatDescription(description, { training })]);
  });
}

/** Whether there is nothing, or an empty folder. */
async function isFree(place: string): Promise<boolean> {
  try {
    return (await readdir(place)).length === 0;
  } catch {
    return (await stat(place).catch(() => undefined)) === undefined;
  }
}
