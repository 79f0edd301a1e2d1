import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { messageOf } from "@multirnet/base";
import { z } from "zod";

import { checkAgainst, faultWords } from "./checked.js";
import { ArtifactError } from "./errors.js";
import { isAbsence, unreadable } from "./file-error.js";

/** A cross validation: a run for each fold, in a folder of its own. */
export interface FoldsFolder {
  readonly path: string;
  readonly config: string; // the resolved config, YAML
  readonly list: string; // which folds: JSON; where it stands the folder is a cross validation
  readonly metrics: string; // of all cases, each by the run that had not seen it
  readonly run: (fold: number) => string;
}

/** @returns the paths of a cross validation, whether it exists or not */
export function foldsFolder(path: string): FoldsFolder {
  return {
    path,
    config: join(path, "config.yaml"),
    list: join(path, "folds.json"),
    metrics: join(path, "metrics.json"),
    run: (fold) => join(path, `fold-${String(fold)}`),
  };
}

const listSchema = z.strictObject({ folds: z.array(z.int().min(0)).min(1) });
export type FoldsList = z.infer<typeof listSchema>;

/**
 * Which folds a folder holds.
 *
 * @returns undefined where it is no cross validation
 * @throws ArtifactError FOLDS_INVALID, ARTIFACT_UNREADABLE
 */
export async function foldsIn(path: string): Promise<readonly number[] | undefined> {
  const { list } = foldsFolder(path);
  const refuse = (because: string, cause?: unknown): ArtifactError =>
    new ArtifactError({ code: "FOLDS_INVALID", path: list, because }, { cause });
  let text: string;
  try {
    text = await readFile(list, "utf8");
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw unreadable(list, error);
  }
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw refuse(messageOf(error), error);
  }
  const checked = checkAgainst(listSchema, document);
  if (!checked.ok) throw refuse(faultWords(checked.fault));
  return checked.value.folds;
}
