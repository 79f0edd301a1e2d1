import { readFile } from "node:fs/promises";

import { checkAgainst, faultWords, type ModelCard } from "@multirnet/artifacts";
import { messageOf } from "@multirnet/base";
import { z } from "zod";

import { LearningError } from "../errors.js";

const absent = z.object({ undefined: z.string() });
const score = z.union([z.number(), absent]);
const interval = z.object({ low: z.number(), high: z.number() });
const meanSchema = z.object({ mean: score, cases: z.int(), interval95: z.union([interval, score]).optional() });

/** What a card takes of `metrics.json`, as `evaluate` writes it. */
const metricsSchema = z.object({
  dataset: z.string(),
  split: z.string(),
  region: z.string(),
  seenInTraining: z.array(z.string()),
  cases: z.array(z.object({ case: z.string() })),
  segmentation: z.union([absent, z.record(z.string(), meanSchema)]),
  classification: z.union([
    absent,
    z.object({ cases: z.int(), accuracy: score, accuracyInterval95: interval.optional(), f1: score }),
  ]),
});

/** The figures that a reader of a card looks for. */
const HEADLINES = ["vdsc", "sdsc", "sdscAt3Mm", "aso", "asdMm", "hd95Mm", "sensitivity", "precision", "specificity"];

/**
 * The figures of a card: on which cases, and each mean with its number of cases and its interval. Figures on cases that the card's weights were trained
 * on, by weights that were not, are told as what they are.
 *
 * @param path `metrics.json` of a run, or of `evaluate --out`
 * @param trainedOn names of the cases that the card's weights have seen
 * @returns undefined where there is no such file
 * @throws LearningError METRICS_UNREADABLE
 */
export async function cardMetrics(
  path: string,
  trainedOn: readonly string[],
): Promise<ModelCard["metrics"] | undefined> {
  const refuse = (because: string, cause?: unknown): LearningError =>
    new LearningError({ code: "METRICS_UNREADABLE", path, because }, { cause });
  let document: unknown;
  try {
    document = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw refuse(messageOf(error), error);
  }
  const checked = checkAgainst(metricsSchema, document);
  if (!checked.ok) throw refuse(faultWords(checked.fault));
  const { dataset, split, region, seenInTraining, cases, segmentation, classification } = checked.value;
  const outlined = isAbsent(segmentation) ? {} : segmentation;
  return {
    on: onWords({ dataset, split, region, cases, seenInTraining }, trainedOn),
    ...Object.fromEntries(
      Object.entries(outlined)
        .filter(([name]) => HEADLINES.includes(name))
        .map(([name, { mean, cases: count, interval95 }]) => [
          name,
          { mean, cases: count, ...(isInterval(interval95) ? { interval95 } : {}) },
        ]),
    ),
    ...(isAbsent(classification)
      ? {}
      : {
          accuracy: {
            mean: classification.accuracy,
            cases: classification.cases,
            ...(classification.accuracyInterval95 === undefined
              ? {}
              : { interval95: classification.accuracyInterval95 }),
          },
          f1: { mean: classification.f1, cases: classification.cases },
        }),
  };
}

function onWords(
  {
    dataset,
    split,
    region,
    cases,
    seenInTraining,
  }: Pick<z.infer<typeof metricsSchema>, "dataset" | "split" | "region" | "cases" | "seenInTraining">,
  trainedOn: readonly string[],
): string {
  const names = cases.map((one) => one.case);
  const seenByTheseAlone = names.some((name) => trainedOn.includes(name) && !seenInTraining.includes(name));
  const seen = seenInTraining.length === 0 ? "none" : String(seenInTraining.length);
  const how = seenByTheseAlone
    ? `by other weights, which had seen ${seen} of them in training; these weights have seen them`
    : `${seen} of them seen in training`;
  return `${String(cases.length)} ${split} cases of ${dataset} (${region}), ${how}: ${names.join(", ")}`;
}

function isAbsent(value: object): value is z.infer<typeof absent> {
  return "undefined" in value && typeof value.undefined === "string";
}

function isInterval(value: unknown): value is z.infer<typeof interval> {
  return typeof value === "object" && value !== null && "low" in value;
}
