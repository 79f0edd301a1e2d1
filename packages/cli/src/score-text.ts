import type { ScoreJson } from "@multirnet/evaluation";

/** A score for people: three decimals, or why there is none. */
export function scoreText(score: ScoreJson): string {
  return typeof score === "number" ? score.toFixed(3) : `undefined: ${score.undefined}`;
}
