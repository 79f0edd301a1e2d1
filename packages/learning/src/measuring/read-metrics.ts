import { readFile } from "node:fs/promises";

import { checkAgainst, faultWords } from "@multirnet/artifacts";
import { messageOf } from "@multirnet/base";
import { z } from "zod";

import { LearningError } from "../errors.js";

const absent = z.object({ undefined: z.string() });
const score = z.union([z.number(), absent]);
const interval = z.object({ low: z.number(), high: z.number() });

const ofCase = z
  .object({
    vdsc: score,
    sdsc: score,
    aso: score,
    asdMm: score,
    hd95Mm: score,
    tolerances: z.array(z.object({ toleranceMm: z.number(), sdsc: score, aso: score })),
  })
  .partial()
  .catchall(z.unknown());

const means = z.union([
  absent,
  z.record(z.string(), z.object({ mean: score, cases: z.int(), interval95: z.union([interval, score]).optional() })),
]);

/** What others take of `metrics.json`, as `evaluate` and `train` write it. */
const measuredSchema = z.object({
  dataset: z.string(),
  split: z.string(),
  region: z.string(),
  passes: z.int().min(0).optional().describe("extra passes that were made"),
  seenInTraining: z.array(z.string()),
  cases: z.array(
    z.object({
      case: z.string(),
      segmentation: ofCase.optional(),
      types: z.record(z.string(), ofCase).optional(),
      diagnosis: z.object({ truth: z.string(), prediction: z.string() }).optional(),
    }),
  ),
  segmentation: means,
  types: z.record(z.string(), means).optional().describe("of each lesion type"),
  classification: z.union([
    absent,
    z.object({ cases: z.int(), accuracy: score, accuracyInterval95: interval.optional(), f1: score }),
  ]),
});
export type MeasuredJson = z.infer<typeof measuredSchema>;

/**
 * Reads what was measured.
 *
 * @returns undefined where there is no such file
 * @throws LearningError METRICS_UNREADABLE
 */
export async function readMetrics(path: string): Promise<MeasuredJson | undefined> {
  const refuse = (because: string, cause?: unknown): LearningError =>
    new LearningError({ code: "METRICS_UNREADABLE", path, because }, { cause });
  let document: unknown;
  try {
    document = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw refuse(messageOf(error), error);
  }
  const checked = checkAgainst(measuredSchema, document);
  if (!checked.ok) throw refuse(faultWords(checked.fault));
  return checked.value;
}
