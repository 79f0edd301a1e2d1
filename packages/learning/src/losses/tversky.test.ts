import { RandomSource } from "@multirnet/base";
import { expect, test } from "vitest";

import { G, logits, logitsOf, mask, P, SHAPE } from "../testing/loss-inputs.js";
import { SMOOTH } from "./overlap.js";
import { softDice } from "./soft-dice.js";
import { focalTversky, tversky } from "./tversky.js";

const PAPER = { alpha: 0.7, beta: 0.3, smooth: 0.5 };

// Batch: hit 1.25, missed 0.7·0.75, invented 0.3·1.25, so 1 − 1.75/2.65. Samples: 1 − 1.75/2.35 and 1 − 0.5/(0.5 + 0.3).
const BATCH = 0.9 / 2.65;
const SAMPLES = [0.6 / 2.35, 0.375] as const;

test("Tversky's loss over the batch and over each sample", () => {
  const loss = (over: "batch" | "sample"): number =>
    tversky(logitsOf(P, SHAPE), mask(G, SHAPE), { ...PAPER, over }).item();
  expect(loss("batch")).toBeCloseTo(BATCH, 10);
  expect(loss("sample")).toBeCloseTo((SAMPLES[0] + SAMPLES[1]) / 2, 10);
});

test("the focal one raises each sample's share to its power before the mean", () => {
  const loss = (over: "batch" | "sample", exponent: number): number =>
    focalTversky(logitsOf(P, SHAPE), mask(G, SHAPE), { ...PAPER, over, exponent }).item();
  expect(loss("batch", 2)).toBeCloseTo(BATCH ** 2, 10);
  expect(loss("sample", 2)).toBeCloseTo((SAMPLES[0] ** 2 + SAMPLES[1] ** 2) / 2, 10);
  expect(loss("batch", 0.9)).toBeCloseTo(BATCH ** 0.9, 10);
});

test("α weighs what is missed and β what is invented", () => {
  const shape = [1, 1, 1, 1, 4];
  const truth = mask([1, 1, 0, 0], shape);
  const options = { alpha: 0.9, beta: 0.1, over: "batch", smooth: 1e-9 } as const;
  const missed = tversky(logits([50, -50, -50, -50], shape), truth, options).item();
  const invented = tversky(logits([50, 50, 50, -50], shape), truth, options).item();
  expect(missed).toBeCloseTo(0.9 / 1.9, 6); // one hit, one missed
  expect(invented).toBeCloseTo(0.1 / 2.1, 6); // two hits, one invented
});

test("a sample without lesion counts by its false positives alone, 1 − ε / (ε + β Σp)", () => {
  const shape = [1, 1, 1, 1, 3];
  const loss = tversky(logitsOf([0.25, 0.25, 0.5], shape), mask([0, 0, 0], shape), { ...PAPER, over: "sample" });
  expect(loss.item()).toBeCloseTo(1 - 0.5 / (0.5 + 0.3 * 1), 10);
});

test("a perfect answer costs nothing, and a focal power below 1 keeps its slope finite there", () => {
  const sure = logits(
    G.map((value) => (value === 1 ? 50 : -50)),
    SHAPE,
  );
  const options = { ...PAPER, over: "batch", smooth: SMOOTH } as const;
  expect(tversky(sure, mask(G, SHAPE), options).item()).toBeCloseTo(0, 12);
  expect(focalTversky(sure, mask(G, SHAPE), { ...options, exponent: 0.9 }).item()).toBeLessThan(1e-6);
});

const random = new RandomSource("laws of Tversky");
const drawn = Array.from({ length: 20 }, () => ({
  x: Array.from({ length: 12 }, () => random.normal()),
  g: Array.from({ length: 12 }, () => Number(random.chance(0.4))),
}));
const shape = [2, 2, 1, 1, 3];

test("α = β = ½ is Dice, with twice the ε", () => {
  for (const over of ["batch", "sample"] as const) {
    for (const { x, g } of drawn) {
      const half = tversky(logits(x, shape), mask(g, shape), { alpha: 0.5, beta: 0.5, over, smooth: 0.1 });
      const dice = softDice(logits(x, shape), mask(g, shape), { over, smooth: 0.2 });
      expect(half.item()).toBeCloseTo(dice.item(), 12);
    }
  }
});

test("the focal one with exponent 1 is Tversky's", () => {
  for (const { x, g } of drawn) {
    const options = { ...PAPER, over: "sample" } as const;
    const focal = focalTversky(logits(x, shape), mask(g, shape), { ...options, exponent: 1 });
    expect(focal.item()).toBeCloseTo(tversky(logits(x, shape), mask(g, shape), options).item(), 12);
  }
});

test("prediction and truth may change places when α and β do", () => {
  const [one = [], other = []] = drawn.map(({ g }) => g);
  const asLogits = (values: readonly number[]): number[] => values.map((value) => (value === 1 ? 50 : -50));
  const there = tversky(logits(asLogits(one), shape), mask(other, shape), { ...PAPER, over: "batch" }).item();
  const back = tversky(logits(asLogits(other), shape), mask(one, shape), {
    ...PAPER,
    alpha: PAPER.beta,
    beta: PAPER.alpha,
    over: "batch",
  }).item();
  expect(there).toBeCloseTo(back, 12);
  const unswapped = tversky(logits(asLogits(other), shape), mask(one, shape), { ...PAPER, over: "batch" }).item();
  expect(there).not.toBeCloseTo(unswapped, 3);
});
