import { expect, test } from "vitest";

import { EvaluationError, type EvaluationProblem } from "./errors.js";

test.each<[EvaluationProblem, string]>([
  [
    { code: "EVALUATION_VOXELS_MISSING", mask: "prediction", expected: 120, found: 119 },
    "the prediction mask has 119 voxels, but its grid says 120",
  ],
  [
    { code: "EVALUATION_SPACING_INVALID", mask: "truth", axis: "z", spacingMm: -2 },
    "spacing of the truth mask along z must be a finite number of mm above 0, not -2",
  ],
  [
    { code: "EVALUATION_LABEL_INVALID", label: 1.5 },
    "a label must be a whole number from 1 to 255, not 1.5 (0 is the background)",
  ],
  [
    { code: "EVALUATION_TOLERANCE_INVALID", toleranceMm: -1 },
    "a tolerance must be a finite number of mm, 0 or more, not -1",
  ],
  [
    { code: "EVALUATION_TOLERANCES_MISSING" },
    "at least one tolerance in mm is needed for the surface scores, none was given",
  ],
  [
    { code: "EVALUATION_SHARE_INVALID", option: "foundShare", share: 10 },
    "foundShare must be a share above 0 and at most 1, not 10",
  ],
  [
    { code: "EVALUATION_CLASSES_INVALID", classes: ["cap", "cap"] },
    "classes must be two or more different names, not [cap, cap]",
  ],
  [
    {
      code: "EVALUATION_CLASS_UNKNOWN",
      column: "prediction",
      position: 4,
      name: "flu",
      classes: ["covid-19", "cap", "normal"],
    },
    'the prediction of case 5 is "flu", which is none of the classes covid-19, cap, normal',
  ],
  [
    { code: "EVALUATION_COUNT_INVALID", successes: 4, trials: 3 },
    "4 successes of 3 trials is not possible; whole numbers, 0 ≤ successes ≤ trials, at least 1 trial",
  ],
  [{ code: "EVALUATION_CONFIDENCE_INVALID", confidence: 95 }, "a confidence must be above 0 and below 1, not 95"],
])("$code in words", (problem, words) => {
  const error = new EvaluationError(problem);
  expect(error.message).toBe(words);
  expect(error.code).toBe(problem.code);
  expect(error.name).toBe("EvaluationError");
});
