import { RandomSource } from "@multirnet/base";

import { EvaluationError } from "../errors.js";
import type { Interval } from "./interval.js";

const RESAMPLES = 10_000;

/**
 * The percentile bootstrap interval of a mean (Efron and Tibshirani 1993, chapter 13): the middle share of the means of as many values drawn with
 * replacement, 10,000 times. Deterministic: the draws have a seed of their own. Too narrow for a handful of values, where Student's is honest.
 *
 * @throws EvaluationError EVALUATION_TOO_FEW for fewer than two values, EVALUATION_CONFIDENCE_INVALID
 */
export function bootstrapMean(values: readonly number[], confidence = 0.95): Interval {
  if (values.length < 2) throw new EvaluationError({ code: "EVALUATION_TOO_FEW", values: values.length, expected: 2 });
  if (!(confidence > 0 && confidence < 1))
    throw new EvaluationError({ code: "EVALUATION_CONFIDENCE_INVALID", confidence });
  const random = new RandomSource("bootstrap");
  const means = Float64Array.from({ length: RESAMPLES }, () => {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[random.integer(values.length)] as number;
    return sum / values.length;
  }).sort();
  const at = (share: number): number => {
    const place = share * (RESAMPLES - 1);
    const below = Math.floor(place);
    const [low, high] = [means[below] as number, means[Math.min(below + 1, RESAMPLES - 1)] as number];
    return low + (place - below) * (high - low);
  };
  const tail = (1 - confidence) / 2;
  return { low: at(tail), high: at(1 - tail) };
}
