import { noScore, scoreOf, toJson, type Reason, type Score, type ScoreJson } from "../score.js";
import { studentQuantile } from "./beta.js";
import type { Interval } from "./interval.js";

/** A mean that says what it is over. */
export interface MeanScore {
  readonly mean: Score;
  readonly standardDeviation: Score; // of the cases, n − 1 in the denominator
  readonly interval95: Interval | undefined; // of the mean; undefined below two cases
  readonly cases: number; // with a value
  readonly undefinedCases: readonly { readonly because: Reason; readonly cases: number }[];
}

/**
 * The mean over the cases that have a value, with how many have none and why, and Student's 95 % interval of the mean,
 * `mean ± t(n − 1)·s/√n`. It is not cut to a score's range, so that it stays honest about few cases; percentiles of a bootstrap
 * would be too narrow for the handful of cases that a fold holds.
 */
export function meanScore(scores: readonly Score[]): MeanScore {
  const values = scores.flatMap((score) => (score.kind === "value" ? [score.value] : []));
  const reasons = new Map<Reason, number>();
  for (const score of scores) {
    if (score.kind === "undefined") reasons.set(score.because, (reasons.get(score.because) ?? 0) + 1);
  }
  const undefinedCases = [...reasons].map(([because, cases]) => ({ because, cases }));
  const count = values.length;
  if (count === 0) {
    const none = noScore(scores.length === 0 ? "no case" : "no case has a value");
    return { mean: none, standardDeviation: none, interval95: undefined, cases: 0, undefinedCases };
  }
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  if (count === 1) {
    const standardDeviation = noScore("one case has no spread");
    return { mean: scoreOf(mean), standardDeviation, interval95: undefined, cases: 1, undefinedCases };
  }
  const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1));
  const half = (studentQuantile(0.95, count - 1) * spread) / Math.sqrt(count);
  return {
    mean: scoreOf(mean),
    standardDeviation: scoreOf(spread),
    interval95: { low: mean - half, high: mean + half },
    cases: count,
    undefinedCases,
  };
}

/** How a mean stands in JSON. */
export interface MeanScoreJson {
  readonly mean: ScoreJson;
  readonly standardDeviation: ScoreJson;
  readonly interval95: Interval | ScoreJson;
  readonly cases: number;
  readonly undefinedCases: readonly { readonly because: Reason; readonly cases: number }[];
}

export function meanScoreJson(score: MeanScore): MeanScoreJson {
  const standardDeviation = toJson(score.standardDeviation);
  return { ...score, mean: toJson(score.mean), standardDeviation, interval95: score.interval95 ?? standardDeviation };
}
