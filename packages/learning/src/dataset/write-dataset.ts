import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

import { messageOf } from "@multirnet/base";
import { FileError, writeFileAtomically } from "@multirnet/base/node";

import { formatCaseTable, type CaseRow } from "./case-table.js";
import { DatasetError, type DatasetProblem } from "./dataset-error.js";
import { formatDescription, type Description } from "./description.js";

export interface PlannedCase {
  readonly facts: Omit<CaseRow, "row">;
  readonly image: string;
  readonly label: string | undefined;
  readonly lung: string | undefined;
}

/** A dataset that could be written: its tables, and where each file comes from. */
export interface ImportPlan extends Description {
  readonly cases: readonly PlannedCase[];
  /** What is known of the source that a check of the result cannot see. */
  readonly remarks: readonly DatasetProblem[];
}

/**
 * Writes a dataset folder. It is built under a hidden name beside its place and renamed when all of it is on disk; on failure the
 * half of it is removed.
 *
 * @throws DatasetError DATASET_OUT_EXISTS
 * @throws FileError FILE_DISK_FULL, FILE_UNWRITABLE
 */
export async function writeDataset(plan: ImportPlan, out: string, signal?: AbortSignal): Promise<void> {
  const place = resolve(out);
  if (!(await isFree(place))) throw new DatasetError({ code: "DATASET_OUT_EXISTS", path: out });
  const staging = join(dirname(place), `.${basename(place)}.${randomBytes(6).toString("hex")}.partial`);
  try {
    await mkdir(staging, { recursive: true });
    for (const { facts, image, label, lung } of plan.cases) {
      signal?.throwIfAborted();
      const suffix = facts.split === "test" ? "Ts" : "Tr";
      await copy(image, join(staging, `images${suffix}`, `${facts.name}_0000${plan.fileEnding}`));
      if (label !== undefined) await copy(label, join(staging, `labels${suffix}`, facts.name + plan.fileEnding));
      if (lung !== undefined) await copy(lung, join(staging, `lungs${suffix}`, facts.name + plan.fileEnding));
    }
    await writeFileAtomically(join(staging, "cases.csv"), [formatCaseTable(plan.cases.map(({ facts }) => facts))]);
    const training = plan.cases.filter(({ facts }) => facts.split !== "test").length;
    await writeFileAtomically(join(staging, "dataset.json"), [formatDescription(plan, { training })]);
    await rename(staging, place);
  } catch (error) {
    await rm(staging, { recursive: true, force: true }).catch(() => undefined);
    if (isSystemError(error, "ENOSPC") || isSystemError(error, "EDQUOT") || isDiskFull(error)) {
      throw new FileError({ code: "FILE_DISK_FULL", path: out }, { cause: error });
    }
    if (!isSystemError(error)) throw error;
    throw new FileError({ code: "FILE_UNWRITABLE", path: out, because: messageOf(error) }, { cause: error });
  }
}

/** Whether there is nothing, or an empty folder. */
async function isFree(place: string): Promise<boolean> {
  try {
    return (await readdir(place)).length === 0;
  } catch {
    return (await stat(place).catch(() => undefined)) === undefined;
  }
}

/** Byte for byte; shares the blocks with the source where the file system can. */
async function copy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  const handle = await open(to, "r");
  await handle.sync().finally(() => handle.close());
}

function isSystemError(error: unknown, code?: string): boolean {
  return (
    error instanceof Error && "syscall" in error && (code === undefined || ("code" in error && error.code === code))
  );
}

function isDiskFull(error: unknown): boolean {
  return error instanceof FileError && error.code === "FILE_DISK_FULL";
}
