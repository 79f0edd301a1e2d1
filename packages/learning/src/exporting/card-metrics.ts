import type { ModelCard } from "@multirnet/artifacts";
import type { NotGiven } from "@multirnet/base";
import type { Interval } from "@multirnet/evaluation";

import { readMetrics, type MeasuredJson } from "../measuring/read-metrics.js";

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
  const metrics = await readMetrics(path);
  if (metrics === undefined) return undefined;
  const { dataset, split, region, passes, seenInTraining, cases, segmentation, classification } = metrics;
  const outlined = isAbsent(segmentation) ? {} : segmentation;
  return {
    on: onWords({ dataset, split, region, passes, cases, seenInTraining }, trainedOn),
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
    passes = 0,
    cases,
    seenInTraining,
  }: Pick<MeasuredJson, "dataset" | "split" | "region" | "passes" | "cases" | "seenInTraining">,
  trainedOn: readonly string[],
): string {
  const names = cases.map((one) => one.case);
  const seenByTheseAlone = names.some((name) => trainedOn.includes(name) && !seenInTraining.includes(name));
  const extra = passes === 0 ? "" : `, ${String(passes)} extra pass${passes === 1 ? "" : "es"}`;
  const seen = seenInTraining.length === 0 ? "none" : String(seenInTraining.length);
  const how = seenByTheseAlone
    ? `by other weights, which had seen ${seen} of them in training; these weights have seen them`
    : `${seen} of them seen in training`;
  return `${String(cases.length)} ${split} cases of ${dataset} (${region}${extra}), ${how}: ${names.join(", ")}`;
}

function isAbsent(value: object): value is NotGiven {
  return "undefined" in value && typeof value.undefined === "string";
}

function isInterval(value: unknown): value is Interval {
  return typeof value === "object" && value !== null && "low" in value;
}
