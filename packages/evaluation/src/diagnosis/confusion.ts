import { EvaluationError } from "../errors.js";

/** One case: the class it has and the class it was given. */
export interface DiagnosedCase {
  readonly truth: string;
  readonly prediction: string;
}

/** How often each class was taken for each. */
export interface ConfusionMatrix {
  readonly classes: readonly string[];
  readonly counts: readonly (readonly number[])[]; // counts[truth][prediction], in the order of `classes`
}

/**
 * @param classes two or more different names
 * @throws EvaluationError EVALUATION_CLASSES_INVALID, EVALUATION_CLASS_UNKNOWN
 */
export function confusionMatrix(classes: readonly string[], cases: readonly DiagnosedCase[]): ConfusionMatrix {
  if (classes.length < 2 || new Set(classes).size < classes.length) {
    throw new EvaluationError({ code: "EVALUATION_CLASSES_INVALID", classes });
  }
  const counts = classes.map(() => classes.map(() => 0));
  for (const [position, { truth, prediction }] of cases.entries()) {
    const row = counts[indexOf(classes, truth, "truth", position)] ?? [];
    const column = indexOf(classes, prediction, "prediction", position);
    row[column] = (row[column] ?? 0) + 1;
  }
  return { classes, counts };
}

function indexOf(classes: readonly string[], name: string, column: "truth" | "prediction", position: number): number {
  const index = classes.indexOf(name);
  if (index < 0) throw new EvaluationError({ code: "EVALUATION_CLASS_UNKNOWN", column, position, name, classes });
  return index;
}
