import { expect, test } from "vitest";

import { G, logits, logitsOf, mask, P, SHAPE } from "../testing/loss-inputs.js";
import { SMOOTH } from "./overlap.js";
import { softDice } from "./soft-dice.js";

test.each([
  { over: "batch", smooth: 0.5, by: "1 − (2·5/4 + ½) / (5/2 + 2 + ½)", expected: 2 / 5 },
  { over: "sample", smooth: 0.5, by: "the mean of 1 − 3/4 and 1 − ½/(1 + ½)", expected: 11 / 24 },
  { over: "batch", smooth: 1e-12, by: "1 − 2.5/4.5", expected: 4 / 9 },
  { over: "sample", smooth: 1e-12, by: "the mean of 1 − 2.5/3.5 and 1", expected: 9 / 14 },
] as const)("over the $over with ε = $smooth it is $by", ({ over, smooth, expected }) => {
  expect(softDice(logitsOf(P, SHAPE), mask(G, SHAPE), { over, smooth }).item()).toBeCloseTo(expected, 10);
});

test("channels are scored apart and then averaged, however large they are", () => {
  const shape = [1, 2, 1, 1, 2];
  // Channel 0: 1 − 2·0.75/(0.75 + 0.5 + 1) = 1/3; channel 1: 1 − 2·0.5/(0.5 + 2) = 3/5.
  const loss = softDice(logitsOf([0.75, 0.5, 0.25, 0.25], shape), mask([1, 0, 1, 1], shape), {
    over: "batch",
    smooth: 1e-12,
  });
  expect(loss.item()).toBeCloseTo((1 / 3 + 3 / 5) / 2, 10);
});

test.each(["batch", "sample"] as const)(
  "a perfect answer over the %s costs nothing, a wrong one everything",
  (over) => {
    const sure = G.map((value) => (value === 1 ? 50 : -50));
    const wrong = sure.map((value) => -value);
    const loss = (values: readonly number[]): number =>
      softDice(logits(values, SHAPE), mask(G, SHAPE), { over, smooth: SMOOTH }).item();
    expect(loss(sure)).toBeCloseTo(0, 12);
    expect(loss(wrong)).toBeCloseTo(1, 4);
  },
);

test("where nothing is to be found, finding nothing is perfect and finding something is not", () => {
  const nothing = mask([0, 0, 0], [1, 1, 1, 1, 3]);
  const loss = (probability: number): number =>
    softDice(logitsOf([probability, probability, probability], [1, 1, 1, 1, 3]), nothing, {
      over: "batch",
      smooth: 0.5,
    }).item();
  expect(loss(1e-12)).toBeCloseTo(0, 10);
  expect(loss(0.5)).toBeCloseTo(3 / 4, 10); // 1 − ½ / (3/2 + ½)
});

test("prediction and truth may change places", () => {
  const one = [50, -50, 50, 50, -50, -50];
  const other = [50, 50, -50, 50, -50, 50];
  const asTruth = (values: readonly number[]): number[] => values.map((value) => Number(value > 0));
  for (const over of ["batch", "sample"] as const) {
    const options = { over, smooth: 0.1 };
    const there = softDice(logits(one, SHAPE), mask(asTruth(other), SHAPE), options).item();
    const back = softDice(logits(other, SHAPE), mask(asTruth(one), SHAPE), options).item();
    expect(there).toBeCloseTo(back, 12);
    expect(there).toBeGreaterThan(0.1);
  }
});

test("with squares, by hand", () => {
  // Σpg = 5/4; Σp² = 9/16 + 1/16 + 1/4 + 1/16 + 1/16 + 1/4 = 5/4; Σg² = 2: 1 − (5/2 + ½)/(13/4 + ½).
  const options = { over: "batch", smooth: 0.5, squared: true } as const;
  expect(softDice(logitsOf(P, SHAPE), mask(G, SHAPE), options).item()).toBeCloseTo(1 / 5, 10);
});
