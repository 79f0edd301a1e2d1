import { readFile } from "node:fs/promises";
import { availableParallelism, hostname } from "node:os";

import { checkAgainst, faultWords } from "@multirnet/artifacts";
import { messageOf, VERSION } from "@multirnet/base";
import { aboutEngine, threads } from "@multirnet/engine";
import { z } from "zod";

import type { TrainConfig } from "../config/train-config.js";
import { LearningError } from "../errors.js";
import type { TrainingCases } from "./cases.js";
import { codeCommit } from "./commit.js";
import type { InitialWeights } from "./initial-weights.js";

const names = z.array(z.string());

/** `run.json`: what a training was, so that its results can be traced. */
const runFactsSchema = z.strictObject({
  name: z.string(),
  fold: z.int().optional(),
  seed: z.int(),
  dataset: z.string().describe("SHA-256 of the dataset"),
  initialWeights: z.string().optional().describe("SHA-256 of the file that the network began with"),
  cases: z.strictObject({ train: names, validation: names, test: names, apart: names.default([]) }),
  versions: z.record(z.string(), z.string()),
  commit: z.string().optional().describe("of the code, where it stands in a git repository of its own"),
  threads: z.int(),
  host: z.strictObject({ name: z.string(), cpus: z.int() }),
  started: z.string(),
});
export type RunFacts = z.infer<typeof runFactsSchema>;

/** What is to be written of a training that begins here and now. */
export async function factsOf(
  config: TrainConfig,
  { cases, fold, initial }: { cases: TrainingCases; fold: number | undefined; initial: InitialWeights | undefined },
): Promise<RunFacts> {
  const commit = await codeCommit();
  return {
    name: config.name,
    ...(fold === undefined ? {} : { fold }),
    seed: config.seed,
    dataset: cases.dataset.hash,
    ...(initial === undefined ? {} : { initialWeights: initial.digest }),
    cases: {
      train: namesOf(cases.train),
      validation: namesOf(cases.validation),
      test: namesOf(cases.test),
      apart: namesOf(cases.apart),
    },
    versions: { multirnet: VERSION, libtorch: aboutEngine().version, node: process.version },
    ...(commit === undefined ? {} : { commit }),
    threads: threads(),
    host: { name: hostname(), cpus: availableParallelism() },
    started: new Date().toISOString(),
  };
}

function namesOf(cases: readonly { readonly name: string }[]): string[] {
  return cases.map(({ name }) => name);
}

/** @throws LearningError RUN_FACTS */
export async function readRunFacts(path: string): Promise<RunFacts> {
  let document: unknown;
  try {
    document = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    throw new LearningError({ code: "RUN_FACTS", path, because: messageOf(error) }, { cause: error });
  }
  const checked = checkAgainst(runFactsSchema, document);
  if (!checked.ok) throw new LearningError({ code: "RUN_FACTS", path, because: faultWords(checked.fault) });
  return checked.value;
}
