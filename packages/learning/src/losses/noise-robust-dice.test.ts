import { expect, test } from "vitest";

import { G, logitsOf, mask, P, SHAPE } from "../testing/loss-inputs.js";
import { noiseRobustDice } from "./noise-robust-dice.js";

const loss = (over: "batch" | "sample", smooth: number): number =>
  noiseRobustDice(logitsOf(P, SHAPE), mask(G, SHAPE), { over, smooth }).item();

// |p − g| of the first sample ¼, ¼, ½, of the second ¼, ¼, ½; to the power 1.5: ⅛, ⅛, ½√½. Σp² = 9/16 + 1/16 + 4/16 and 1/16 + 1/16 + 4/16.
const APART = 1 / 4 + Math.SQRT1_2 / 2;

test("over the batch all voxels count together", () => {
  expect(loss("batch", 1e-12)).toBeCloseTo((2 * APART) / (14 / 16 + 6 / 16 + 2), 10);
});

test("over each sample one without lesion has its own predicted ones below", () => {
  expect(loss("sample", 1e-12)).toBeCloseTo((APART / (14 / 16 + 2) + APART / (6 / 16)) / 2, 10);
});

test("the smoothing stands below alone, so that nothing where nothing is costs nothing", () => {
  expect(loss("batch", 0.5)).toBeCloseTo((2 * APART) / (20 / 16 + 2.5), 10);
  const nothing = logitsOf([1e-12, 1e-12, 1e-12], [1, 1, 1, 1, 3]);
  expect(
    noiseRobustDice(nothing, mask([0, 0, 0], [1, 1, 1, 1, 3]), { over: "batch", smooth: 1e-5 }).item(),
  ).toBeCloseTo(0, 8);
});
