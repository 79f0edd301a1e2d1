import { EvaluationError } from "../errors.js";
import { betaQuantile } from "./beta.js";

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * The exact interval of a share (Clopper and Pearson, Biometrika 26, 1934): all rates at which neither as few nor as many
 * successes would be rarer than (1 − confidence) / 2. The tails of the binomial are the beta function's, solved by bisection.
 *
 * @throws EvaluationError EVALUATION_COUNT_INVALID, EVALUATION_CONFIDENCE_INVALID
 */
export function clopperPearson(successes: number, trials: number, confidence = 0.95): Interval {
  const whole = Number.isInteger(successes) && Number.isInteger(trials);
  if (!whole || trials < 1 || successes < 0 || successes > trials) {
    throw new EvaluationError({ code: "EVALUATION_COUNT_INVALID", successes, trials });
  }
  if (!(confidence > 0 && confidence < 1)) {
    throw new EvaluationError({ code: "EVALUATION_CONFIDENCE_INVALID", confidence });
  }
  const tail = (1 - confidence) / 2;
  return {
    low: successes === 0 ? 0 : betaQuantile(tail, successes, trials - successes + 1),
    high: successes === trials ? 1 : 1 - betaQuantile(tail, trials - successes, successes + 1),
  };
}
