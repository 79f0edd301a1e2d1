import { noScore, scoreOf, type Reason, type Score } from "../score.js";
import { clopperPearson, type Interval } from "../statistics/interval.js";
import { confusionMatrix, type ConfusionMatrix, type DiagnosedCase } from "./confusion.js";

/** Scores of one class against all others. */
export interface ClassScores {
  readonly name: string;
  readonly truthCases: number; // that have the class
  readonly predictedCases: number; // that were given it
  readonly recall: Score;
  readonly precision: Score;
  readonly f1: Score;
}

/** A mean over classes, each counting the same, and which classes it leaves out because they have no value. */
export interface MacroScore {
  readonly score: Score;
  readonly classes: number;
  readonly undefinedClasses: readonly { readonly name: string; readonly because: Reason }[];
}

export interface DiagnosisScores {
  readonly matrix: ConfusionMatrix;
  readonly cases: number;
  readonly accuracy: { readonly score: Score; readonly correct: number; readonly interval95: Interval | undefined };
  readonly classes: readonly ClassScores[];
  readonly macro: { readonly recall: MacroScore; readonly precision: MacroScore; readonly f1: MacroScore };
}

/**
 * Accuracy with its exact 95 % interval, and recall, precision and F1 of each class and in the mean. A class that no case has
 * has no recall, one that no case was given no precision; what a mean leaves out is named beside it.
 *
 * @throws EvaluationError EVALUATION_CLASSES_INVALID, EVALUATION_CLASS_UNKNOWN
 */
export function diagnosisScores(classes: readonly string[], cases: readonly DiagnosedCase[]): DiagnosisScores {
  const matrix = confusionMatrix(classes, cases);
  const perClass = classes.map((name, index) => classScores(matrix, name, index));
  const correct = classes.reduce((sum, _, index) => sum + count(matrix, index, index), 0);
  return {
    matrix,
    cases: cases.length,
    accuracy: {
      score: cases.length === 0 ? noScore("no case") : scoreOf(correct / cases.length),
      correct,
      interval95: cases.length === 0 ? undefined : clopperPearson(correct, cases.length),
    },
    classes: perClass,
    macro: {
      recall: macro(perClass, ({ recall }) => recall),
      precision: macro(perClass, ({ precision }) => precision),
      f1: macro(perClass, ({ f1 }) => f1),
    },
  };
}

function count({ counts }: ConfusionMatrix, truth: number, prediction: number): number {
  return counts[truth]?.[prediction] ?? 0;
}

function classScores(matrix: ConfusionMatrix, name: string, index: number): ClassScores {
  const all = matrix.classes.map((_, other) => other);
  const right = count(matrix, index, index);
  const truthCases = all.reduce((sum, other) => sum + count(matrix, index, other), 0);
  const predictedCases = all.reduce((sum, other) => sum + count(matrix, other, index), 0);
  const share = (part: number, whole: number, because: Reason): Score =>
    whole === 0 ? noScore(because) : scoreOf(part / whole);
  return {
    name,
    truthCases,
    predictedCases,
    recall: share(right, truthCases, "no case of this class"),
    precision: share(right, predictedCases, "class was never predicted"),
    f1: share(2 * right, truthCases + predictedCases, "class neither occurs nor was predicted"),
  };
}

function macro(classes: readonly ClassScores[], of: (scores: ClassScores) => Score): MacroScore {
  const values: number[] = [];
  const undefinedClasses: { name: string; because: Reason }[] = [];
  for (const scores of classes) {
    const score = of(scores);
    if (score.kind === "value") values.push(score.value);
    else undefinedClasses.push({ name: scores.name, because: score.because });
  }
  const sum = values.reduce((total, value) => total + value, 0);
  return {
    score: values.length === 0 ? noScore("no class has a value") : scoreOf(sum / values.length),
    classes: values.length,
    undefinedClasses,
  };
}
