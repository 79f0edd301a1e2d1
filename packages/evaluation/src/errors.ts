import { CodedError } from "@multirnet/base";

/** All the ways a caller can ask for scores that cannot be given. A score that is simply undefined is no error: see `Score`. */
export type EvaluationProblem =
  | {
      readonly code: "EVALUATION_VOXELS_MISSING";
      readonly mask: string;
      readonly expected: number;
      readonly found: number;
    }
  | {
      readonly code: "EVALUATION_SPACING_INVALID";
      readonly mask: string;
      readonly axis: string;
      readonly spacingMm: number;
    }
  | { readonly code: "EVALUATION_LABEL_INVALID"; readonly label: number }
  | { readonly code: "EVALUATION_TOLERANCE_INVALID"; readonly toleranceMm: number }
  | { readonly code: "EVALUATION_TOLERANCES_MISSING" }
  | { readonly code: "EVALUATION_SHARE_INVALID"; readonly option: string; readonly share: number }
  | { readonly code: "EVALUATION_CLASSES_INVALID"; readonly classes: readonly string[] }
  | {
      readonly code: "EVALUATION_CLASS_UNKNOWN";
      readonly column: "truth" | "prediction";
      readonly position: number;
      readonly name: string;
      readonly classes: readonly string[];
    }
  | { readonly code: "EVALUATION_TOO_FEW"; readonly values: number; readonly expected: number }
  | { readonly code: "EVALUATION_COUNT_INVALID"; readonly successes: number; readonly trials: number }
  | { readonly code: "EVALUATION_CONFIDENCE_INVALID"; readonly confidence: number };

export class EvaluationError extends CodedError<EvaluationProblem> {
  readonly blame = "input";

  constructor(problem: EvaluationProblem, options?: ErrorOptions) {
    super(problem, explain(problem), options);
  }
}

function explain(problem: EvaluationProblem): string {
  switch (problem.code) {
    case "EVALUATION_VOXELS_MISSING":
      return `the ${problem.mask} mask has ${problem.found} voxels, but its grid says ${problem.expected}`;
    case "EVALUATION_SPACING_INVALID":
      return `spacing of the ${problem.mask} mask along ${problem.axis} must be a finite number of mm above 0, not ${problem.spacingMm}`;
    case "EVALUATION_LABEL_INVALID":
      return `a label must be a whole number from 1 to 255, not ${problem.label} (0 is the background)`;
    case "EVALUATION_TOLERANCE_INVALID":
      return `a tolerance must be a finite number of mm, 0 or more, not ${problem.toleranceMm}`;
    case "EVALUATION_TOLERANCES_MISSING":
      return "at least one tolerance in mm is needed for the surface scores, none was given";
    case "EVALUATION_SHARE_INVALID":
      return `${problem.option} must be a share above 0 and at most 1, not ${problem.share}`;
    case "EVALUATION_CLASSES_INVALID":
      return `classes must be two or more different names, not [${problem.classes.join(", ")}]`;
    case "EVALUATION_CLASS_UNKNOWN":
      return (
        `the ${problem.column} of case ${problem.position + 1} is "${problem.name}", ` +
        `which is none of the classes ${problem.classes.join(", ")}`
      );
    case "EVALUATION_TOO_FEW":
      return `expected at least ${String(problem.expected)} values, came ${String(problem.values)}`;
    case "EVALUATION_COUNT_INVALID":
      return `${problem.successes} successes of ${problem.trials} trials is not possible; whole numbers, 0 ≤ successes ≤ trials, at least 1 trial`;
    case "EVALUATION_CONFIDENCE_INVALID":
      return `a confidence must be above 0 and below 1, not ${problem.confidence}`;
  }
}
