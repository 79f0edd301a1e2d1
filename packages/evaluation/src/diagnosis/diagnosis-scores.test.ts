import { expect, test } from "vitest";

import { toJson } from "../score.js";
import { confusionMatrix } from "./confusion.js";
import { diagnosisScores } from "./diagnosis-scores.js";

const classes = ["covid-19", "cap", "normal"];
const times = (count: number, truth: string, prediction: string) =>
  Array.from({ length: count }, () => ({ truth, prediction }));

test("accuracy, recall, precision and F1 of three classes, by hand", () => {
  const cases = [
    ...times(5, "covid-19", "covid-19"),
    ...times(2, "covid-19", "cap"),
    ...times(1, "cap", "covid-19"),
    ...times(3, "cap", "cap"),
    ...times(4, "cap", "normal"),
    ...times(6, "normal", "normal"),
  ];
  const scores = diagnosisScores(classes, cases);
  expect(scores.matrix.counts).toEqual([
    [5, 2, 0],
    [1, 3, 4],
    [0, 0, 6],
  ]);
  expect(scores.cases).toBe(21);
  expect(scores.accuracy.correct).toBe(14);
  expect(toJson(scores.accuracy.score)).toBeCloseTo(14 / 21, 12);
  // scipy: beta.ppf(0.025, 14, 8), beta.ppf(0.975, 15, 7)
  expect(scores.accuracy.interval95).toEqual({
    low: expect.closeTo(0.4303245170958757, 10),
    high: expect.closeTo(0.8541230576569032, 10),
  });
  const rows = scores.classes.map((row) => [
    row.truthCases,
    row.predictedCases,
    toJson(row.recall),
    toJson(row.precision),
    toJson(row.f1),
  ]);
  const near = (value: number): unknown => expect.closeTo(value, 12);
  expect(rows).toEqual([
    [7, 6, near(5 / 7), near(5 / 6), near(10 / 13)],
    [8, 5, near(3 / 8), near(3 / 5), near(6 / 13)],
    [6, 10, near(1), near(6 / 10), near(12 / 16)],
  ]);
  expect(toJson(scores.macro.recall.score)).toBeCloseTo((5 / 7 + 3 / 8 + 1) / 3, 12);
  expect(toJson(scores.macro.precision.score)).toBeCloseTo((5 / 6 + 3 / 5 + 6 / 10) / 3, 12);
  expect(toJson(scores.macro.f1.score)).toBeCloseTo((10 / 13 + 6 / 13 + 12 / 16) / 3, 12);
  expect(scores.macro.f1.classes).toBe(3);
});

test("a class that was never predicted has no precision, and the mean names it", () => {
  const scores = diagnosisScores(classes, [...times(2, "covid-19", "covid-19"), ...times(1, "cap", "covid-19")]);
  const [, cap, normal] = scores.classes;
  expect(cap?.precision).toEqual({ kind: "undefined", because: "class was never predicted" });
  expect(cap?.recall).toEqual({ kind: "value", value: 0 });
  expect(cap?.f1).toEqual({ kind: "value", value: 0 });
  expect(normal?.recall).toEqual({ kind: "undefined", because: "no case of this class" });
  expect(normal?.f1).toEqual({ kind: "undefined", because: "class neither occurs nor was predicted" });
  expect(scores.macro.precision).toEqual({
    score: { kind: "value", value: 2 / 3 },
    classes: 1,
    undefinedClasses: [
      { name: "cap", because: "class was never predicted" },
      { name: "normal", because: "class was never predicted" },
    ],
  });
  expect(scores.macro.recall).toMatchObject({ score: { value: 0.5 }, classes: 2 });
});

test("without a case nothing has a value", () => {
  const scores = diagnosisScores(classes, []);
  expect(scores.accuracy).toEqual({
    score: { kind: "undefined", because: "no case" },
    correct: 0,
    interval95: undefined,
  });
  expect(scores.macro.recall.score).toEqual({ kind: "undefined", because: "no class has a value" });
});

test("a class that is not in the list is refused with its place", () => {
  const cases = [...times(1, "cap", "cap"), { truth: "cap", prediction: "flu" }];
  expect(() => confusionMatrix(classes, cases)).toThrow(
    'the prediction of case 2 is "flu", which is none of the classes covid-19, cap, normal',
  );
  expect(() => confusionMatrix(classes, times(1, "", "cap"))).toThrow(
    'the truth of case 1 is "", which is none of the classes covid-19, cap, normal',
  );
});

test.each([[[]], [["cap"]], [["cap", "cap"]]])("%j is no list of classes", (names) => {
  expect(() => confusionMatrix(names, [])).toThrow(
    `classes must be two or more different names, not [${names.join(", ")}]`,
  );
});
