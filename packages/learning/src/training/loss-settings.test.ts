import { expect, test } from "vitest";

import { lossSchema } from "../config/loss.js";
import type { CaseEntry } from "../dataset/index.js";
import { madePrepared } from "../dataset/testing/prepared.js";
import { lossIn } from "./loss-settings.js";

const classes = ["covid-19", "cap", "normal"];
const cases = ["covid-19", "covid-19", "covid-19", "cap", undefined, "other"].map((diagnosis): CaseEntry => ({
  ...madePrepared().entry,
  ...(diagnosis === undefined ? {} : { diagnosis }),
}));
const at = (given: object, epoch = 0): ReturnType<typeof lossIn> =>
  lossIn({ loss: lossSchema.parse(given) }, { epoch, classes, cases });

test("λ goes evenly from one share to another and stays there", () => {
  const lambda = { from: 0, to: 0.4, epochs: 4 };
  expect([0, 1, 3, 4, 9].map((epoch) => at({ lambda }, epoch).lambda)).toEqual(
    [0, 0.1, 0.3, 0.4, 0.4].map((value) => expect.closeTo(value, 12)),
  );
  expect(at({ lambda: 0.7 }, 3).lambda).toBe(0.7);
});

test("balanced classes count as much together, and the mean weight of a case is 1", () => {
  const weights = at({ classWeights: "balanced" }).classWeights;
  expect(weights).toEqual([expect.closeTo(2 / 3, 12), expect.closeTo(2, 12), 1]); // nobody is normal here
  expect((3 * (2 / 3) + 2) / 4).toBeCloseTo(1, 12);
});

test("weights by name stand in the order of the classes; there are none unless they are asked for", () => {
  expect(at({ classWeights: { normal: 3, cap: 0.5 } }).classWeights).toEqual([1, 0.5, 3]);
  expect(at({}).classWeights).toBeUndefined();
});
