import { full, gradients } from "@multirnet/engine";
import { expect, test } from "vitest";

import { EVALUATION, training } from "../testing/passes.js";
import { dropout } from "./dropout.js";

const elements = { purpose: "test", over: "elements" } as const;
const channels = { purpose: "test", over: "channels" } as const;

test("evaluation and a rate of 0 give the input itself", () => {
  const x = full([2, 3], 1);
  expect(dropout(x, 0.5, EVALUATION, elements)).toBe(x);
  expect(dropout(x, 0, training(), elements)).toBe(x);
});

test("training zeroes the share that was asked for, and scales the rest so that the mean stays", () => {
  const count = 20_000;
  const found = dropout(full([4, count / 4], 3), 0.2, training(), elements).toNumbers();
  expect(new Set(found)).toEqual(new Set([0, Math.fround(3 / Math.fround(0.8))]));
  const dropped = found.filter((value) => value === 0).length / count;
  expect(Math.abs(dropped - 0.2)).toBeLessThan(5 * Math.sqrt((0.2 * 0.8) / count)); // five standard errors
});

test("over channels, each channel of each sample stays whole or goes whole", () => {
  const x = full([40, 10, 1, 2, 3], 1);
  const found = dropout(x, 0.5, training(), channels);
  expect(found.shape).toEqual(x.shape);
  const means = found.mean([2, 3, 4]).toNumbers();
  expect(new Set(means)).toEqual(new Set([0, 2]));
  const dropped = means.filter((mean) => mean === 0).length;
  expect(Math.abs(dropped - 200)).toBeLessThan(50); // five standard deviations of 400 draws
  const samples = new Set(Array.from({ length: 40 }, (_, sample) => means.slice(10 * sample, 10 * sample + 10).join()));
  expect(samples.size).toBeGreaterThan(30); // each sample draws its own
});

test("the draws are those of the pass's random source and of the purpose", () => {
  const draw = (seed: number, purpose: string): number[] =>
    dropout(full([1, 64], 1), 0.5, training(seed), { ...elements, purpose }).toNumbers();
  expect(draw(1, "a")).toEqual(draw(1, "a"));
  expect(draw(1, "a")).not.toEqual(draw(2, "a"));
  expect(draw(1, "a")).not.toEqual(draw(1, "b"));
});

test("the gradient goes through what was kept, as much larger as it was scaled", () => {
  const x = full([3, 50], 7).setRequiresGrad(true);
  const found = dropout(x, 0.75, training(), elements);
  const [gradient] = gradients(found, [x]);
  expect(gradient?.toNumbers()).toEqual(found.toNumbers().map((value) => (value === 0 ? 0 : 4)));
});
