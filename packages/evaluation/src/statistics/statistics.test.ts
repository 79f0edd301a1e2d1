import { expect, test } from "vitest";

import { noScore, scoreOf } from "../score.js";
import { betaQuantile, betaShare, studentQuantile } from "./beta.js";
import { clopperPearson } from "./interval.js";
import { meanScore, meanScoreJson } from "./mean-score.js";

// Values of scipy 1.10 (beta.ppf, t.ppf) and mpmath (betainc), which is exact where scipy has ten digits.
test.each([
  [0, 10, 0, 0.3084971078187608],
  [10, 10, 0.6915028921812392, 1],
  [1, 3, 0.008403758659612636, 0.9057006759497539],
  [27, 30, 0.7347115495257919, 0.9788828629702774],
  [83, 90, 0.8462938919180569, 0.9681574368786805],
  [500, 1000, 0.46854917297179216, 0.5314508270282079],
])("the exact interval of %i in %i is that of the beta distribution", (successes, trials, low, high) => {
  const interval = clopperPearson(successes, trials);
  expect(interval.low).toBeCloseTo(low, 12);
  expect(interval.high).toBeCloseTo(high, 12);
});

test("the exact interval of all of n successes starts at the n-th root of half the error", () => {
  expect(clopperPearson(7, 7, 0.9).low).toBeCloseTo(0.05 ** (1 / 7), 12);
  expect(clopperPearson(7, 7, 0.9).high).toBe(1);
});

test("successes and failures mirror each other", () => {
  const [one, other] = [clopperPearson(3, 11), clopperPearson(8, 11)];
  expect(one.low).toBeCloseTo(1 - other.high, 12);
  expect(one.high).toBeCloseTo(1 - other.low, 12);
});

test.each([
  [4, 3],
  [-1, 3],
  [0, 0],
  [1.5, 3],
])("%f successes of %f trials are refused", (successes, trials) => {
  expect(() => clopperPearson(successes, trials)).toThrow(
    `${successes} successes of ${trials} trials is not possible; whole numbers, 0 ≤ successes ≤ trials, at least 1 trial`,
  );
});

test("a confidence in percent is refused", () => {
  expect(() => clopperPearson(1, 3, 95)).toThrow("a confidence must be above 0 and below 1, not 95");
});

test.each([
  [0.3, 2, 3, 0.34829999999999994],
  [0.01, 0.5, 0.5, 0.06376856085851985],
  [0.999, 10, 0.5, 0.8888967091248604],
  [0.5, 400, 380, 0.236829937356067],
  [1e-8, 0.5, 30, 0.0006154689785560821],
])("the incomplete beta function at %f of (%f, %f)", (x, a, b, expected) => {
  expect(Math.abs(betaShare(x, a, b) / expected - 1)).toBeLessThan(1e-11);
  expect(betaQuantile(expected, a, b)).toBeCloseTo(x, 10);
});

test("Student's quantiles of one and two degrees of freedom have closed forms", () => {
  expect(studentQuantile(0.95, 1)).toBeCloseTo(Math.tan(0.475 * Math.PI), 11);
  expect(studentQuantile(0.95, 2)).toBeCloseTo(0.95 / Math.sqrt(2 * 0.975 * 0.025), 11);
});

test.each([
  [5, 2.5705818366147395],
  [29, 2.045229642132703],
])("Student's quantile for %i degrees of freedom is scipy's as far as that is exact", (degrees, expected) => {
  expect(studentQuantile(0.95, degrees)).toBeCloseTo(expected, 8);
});

test("a mean says over how many cases it is, how many have no value and why", () => {
  const scores = [scoreOf(0.5), noScore("truth is empty"), scoreOf(0.9), noScore("both are empty"), scoreOf(0.7)];
  const half = (4.302652729749462 * 0.2) / Math.sqrt(3); // standard deviation 0.2, two degrees of freedom
  expect(meanScore([...scores, noScore("truth is empty")])).toEqual({
    mean: { kind: "value", value: expect.closeTo(0.7, 12) },
    standardDeviation: { kind: "value", value: expect.closeTo(0.2, 12) },
    interval95: { low: expect.closeTo(0.7 - half, 10), high: expect.closeTo(0.7 + half, 10) },
    cases: 3,
    undefinedCases: [
      { because: "truth is empty", cases: 2 },
      { because: "both are empty", cases: 1 },
    ],
  });
});

test("one case has a mean but no interval, none has neither", () => {
  expect(meanScoreJson(meanScore([scoreOf(0.5)]))).toEqual({
    mean: 0.5,
    standardDeviation: { undefined: "one case has no spread" },
    interval95: { undefined: "one case has no spread" },
    cases: 1,
    undefinedCases: [],
  });
  expect(meanScoreJson(meanScore([])).mean).toEqual({ undefined: "no case" });
  expect(meanScoreJson(meanScore([noScore("truth is empty")]))).toEqual({
    mean: { undefined: "no case has a value" },
    standardDeviation: { undefined: "no case has a value" },
    interval95: { undefined: "no case has a value" },
    cases: 0,
    undefinedCases: [{ because: "truth is empty", cases: 1 }],
  });
});
