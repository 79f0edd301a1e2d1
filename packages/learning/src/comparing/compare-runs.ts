import { join } from "node:path";

import type { NotGiven } from "@multirnet/base";
import { bootstrapMean, type Interval } from "@multirnet/evaluation";

import { LearningError } from "../errors.js";
import { readMetrics, type MeasuredJson } from "../measuring/read-metrics.js";

/** How two runs stand to each other in one score. */
export interface ComparedScore {
  readonly a: number; // mean over the cases that both have
  readonly b: number;
  readonly difference: number; // b − a, case by case
  readonly difference95: Interval | NotGiven; // of the mean difference: percentile bootstrap over cases
  readonly cases: number;
  readonly better: number; // cases in which b is larger
}

export interface ComparedRuns {
  readonly scores: Readonly<Record<string, ComparedScore>>;
  readonly onlyA: readonly string[]; // cases that only one was measured on
  readonly onlyB: readonly string[];
  /** Of the cases that both have, those by which the weights of one were made or chosen. */
  readonly seenInTraining: { readonly a: readonly string[]; readonly b: readonly string[] };
}

const SCORES = ["vdsc", "sdsc", "sdscAt3Mm", "aso", "asdMm", "hd95Mm"] as const;

/**
 * Compares what two runs, cross validations or folders of `evaluate --out` measured, paired by case: the same cases under two networks differ less than the
 * cases among themselves.
 *
 * @throws LearningError METRICS_UNREADABLE, COMPARE_UNLIKE, COMPARE_NOTHING
 */
export async function compareRuns(a: string, b: string): Promise<ComparedRuns> {
  const [first, second] = [await measuredIn(a), await measuredIn(b)];
  for (const what of ["dataset", "region"] as const) {
    const values = [first[what], second[what]] as const;
    if (values[0] !== values[1]) throw new LearningError({ code: "COMPARE_UNLIKE", a, b, what, values });
  }
  const names = (metrics: MeasuredJson): string[] => metrics.cases.map((one) => one.case);
  const both = names(first).filter((name) => names(second).includes(name));
  if (both.length === 0) throw new LearningError({ code: "COMPARE_NOTHING", a, b });
  const entries = SCORES.flatMap((score) => {
    const pairs = both.flatMap((name) => {
      const [x, y] = [scoreOf(first, name, score), scoreOf(second, name, score)];
      return x === undefined || y === undefined ? [] : [[x, y] as const];
    });
    return pairs.length === 0 ? [] : [[score, compared(pairs)] as const];
  });
  const right = both.flatMap((name) => {
    const [x, y] = [isRight(first, name), isRight(second, name)];
    return x === undefined || y === undefined ? [] : [[x, y] as const];
  });
  return {
    scores: { ...Object.fromEntries(entries), ...(right.length === 0 ? {} : { accuracy: compared(right) }) },
    onlyA: names(first).filter((name) => !both.includes(name)),
    onlyB: names(second).filter((name) => !both.includes(name)),
    seenInTraining: {
      a: first.seenInTraining.filter((name) => both.includes(name)),
      b: second.seenInTraining.filter((name) => both.includes(name)),
    },
  };
}

async function measuredIn(path: string): Promise<MeasuredJson> {
  const file = join(path, "metrics.json");
  const metrics = await readMetrics(file);
  if (metrics === undefined)
    throw new LearningError({
      code: "METRICS_UNREADABLE",
      path: file,
      because: "there is no such file; evaluate the run first",
    });
  return metrics;
}

function scoreOf({ cases }: MeasuredJson, name: string, score: (typeof SCORES)[number]): number | undefined {
  const segmentation = cases.find((one) => one.case === name)?.segmentation;
  const at3Mm = segmentation?.tolerances?.find(({ toleranceMm }) => toleranceMm === 3);
  const value = score === "sdscAt3Mm" ? at3Mm?.sdsc : segmentation?.[score];
  return typeof value === "number" ? value : undefined;
}

function isRight({ cases }: MeasuredJson, name: string): number | undefined {
  const diagnosis = cases.find((one) => one.case === name)?.diagnosis;
  return diagnosis === undefined ? undefined : Number(diagnosis.truth === diagnosis.prediction);
}

function compared(pairs: readonly (readonly [a: number, b: number])[]): ComparedScore {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const differences = pairs.map(([a, b]) => b - a);
  return {
    a: mean(pairs.map(([a]) => a)),
    b: mean(pairs.map(([, b]) => b)),
    difference: mean(differences),
    difference95: differences.length < 2 ? { undefined: "one case has no spread" } : bootstrapMean(differences),
    cases: pairs.length,
    better: differences.filter((difference) => difference > 0).length,
  };
}
