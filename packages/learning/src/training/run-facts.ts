import { readFile } from "node:fs/promises";

import { checkAgainst, faultWords } from "@multirnet/artifacts";
import { messageOf } from "@multirnet/base";
import { z } from "zod";

import { LearningError } from "../errors.js";

const names = z.array(z.string());

/** `run.json`: what a training was, so that its results can be traced. */
const runFactsSchema = z.strictObject({
  name: z.string(),
  fold: z.int().optional(),
  seed: z.int(),
  dataset: z.string().describe("SHA-256 of the dataset"),
  cases: z.strictObject({ train: names, validation: names, test: names }),
  versions: z.record(z.string(), z.string()),
  threads: z.int(),
  host: z.strictObject({ name: z.string(), cpus: z.int() }),
  started: z.string(),
});
export type RunFacts = z.infer<typeof runFactsSchema>;

/** @throws LearningError TRAINING_STATE */
export async function readRunFacts(path: string): Promise<RunFacts> {
  let document: unknown;
  try {
    document = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    throw new LearningError({ code: "TRAINING_STATE", path, because: messageOf(error) }, { cause: error });
  }
  const checked = checkAgainst(runFactsSchema, document);
  if (!checked.ok) throw new LearningError({ code: "TRAINING_STATE", path, because: faultWords(checked.fault) });
  return checked.value;
}
