import { toJson, type ScoreJson } from "../score.js";
import type { Interval } from "../statistics/interval.js";
import type { ConfusionMatrix } from "./confusion.js";
import type { DiagnosisScores } from "./diagnosis-scores.js";

/** How the scores of a diagnosis stand in JSON; recall, precision and F1 are means over the classes. */
export interface DiagnosisJson {
  readonly cases: number;
  readonly accuracy: ScoreJson;
  readonly accuracyInterval95: Interval | undefined; // exact
  readonly recall: ScoreJson;
  readonly precision: ScoreJson;
  readonly f1: ScoreJson;
  readonly classes: readonly {
    readonly name: string;
    readonly truthCases: number;
    readonly predictedCases: number;
    readonly recall: ScoreJson;
    readonly precision: ScoreJson;
    readonly f1: ScoreJson;
  }[];
  readonly confusion: ConfusionMatrix;
}

export function diagnosisJson({ cases, accuracy, macro, classes, matrix }: DiagnosisScores): DiagnosisJson {
  return {
    cases,
    accuracy: toJson(accuracy.score),
    accuracyInterval95: accuracy.interval95,
    recall: toJson(macro.recall.score),
    precision: toJson(macro.precision.score),
    f1: toJson(macro.f1.score),
    classes: classes.map(({ recall, precision, f1, ...rest }) => ({
      ...rest,
      recall: toJson(recall),
      precision: toJson(precision),
      f1: toJson(f1),
    })),
    confusion: matrix,
  };
}
