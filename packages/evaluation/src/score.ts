import type { NotGiven } from "@multirnet/base";

/** Why a score has no value. */
export type Reason =
  | "truth is empty"
  | "prediction is empty"
  | "both are empty"
  | "spacing is estimated"
  | "no case"
  | "no case has a value"
  | "one case has no spread"
  | "no lesion-free case"
  | "no case of this class"
  | "class was never predicted"
  | "class neither occurs nor was predicted"
  | "no class has a value";

/** A metric has a value, or says why it has none. NaN and Infinity never leave this room. */
export type Score =
  { readonly kind: "value"; readonly value: number } | { readonly kind: "undefined"; readonly because: Reason };

/** How a score stands in JSON: a number, or `{"undefined": reason}`. */
export type ScoreJson = number | NotGiven<Reason>;

export function scoreOf(value: number): Score {
  return { kind: "value", value };
}

export function noScore(because: Reason): Score {
  return { kind: "undefined", because };
}

export function toJson(score: Score): ScoreJson {
  return score.kind === "value" ? score.value : { undefined: score.because };
}

/** @returns which mask is empty, in words; nothing where both hold something */
export function emptiness(truthSize: number, predictionSize: number): Reason | undefined {
  if (truthSize === 0 && predictionSize === 0) return "both are empty";
  if (truthSize === 0) return "truth is empty";
  return predictionSize === 0 ? "prediction is empty" : undefined;
}

/**
 * The rule of overlap scores for empty masks: two empty masks have no score, one empty mask scores 0, otherwise `value()`.
 */
export function overlapScore(truthSize: number, predictionSize: number, value: () => number): Score {
  const empty = emptiness(truthSize, predictionSize);
  if (empty === "both are empty") return noScore(empty);
  return scoreOf(empty === undefined ? value() : 0);
}

/** The rule of distances for empty masks: there is no distance to or from a surface that is not there. */
export function distanceScore(truthSize: number, predictionSize: number, value: () => number): Score {
  const empty = emptiness(truthSize, predictionSize);
  return empty === undefined ? scoreOf(value()) : noScore(empty);
}
