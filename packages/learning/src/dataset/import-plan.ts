import { constants } from "node:fs";
import { copyFile, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";

import type { DatasetProblem } from "./dataset-error.js";
import type { Description } from "./description.js";
import type { NewCase } from "./write-dataset.js";

/** A case whose files are copied as they are. */
export interface CopiedCase {
  readonly facts: NewCase["facts"];
  readonly image: string;
  readonly label: string | undefined;
  readonly lung: string | undefined;
}

/** A dataset that could be written: its tables, and how each file comes there. */
export interface ImportPlan extends Description {
  readonly cases: readonly NewCase[];
  /** What is known of the source that a check of the result cannot see. */
  readonly remarks: readonly DatasetProblem[];
}

/** @returns the case with its files copied as they are */
export function copied({ facts, image, label, lung }: CopiedCase): NewCase {
  return {
    facts,
    write: async (files) => {
      await copy(image, files.image);
      if (label !== undefined) await copy(label, files.label);
      if (lung !== undefined) await copy(lung, files.lung);
    },
  };
}

/** Byte for byte; shares the blocks with the source where the file system can. */
async function copy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  const handle = await open(to, "r");
  await handle.sync().finally(() => handle.close());
}
