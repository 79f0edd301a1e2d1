import { expect, test } from "vitest";

import { rateFactor, SCHEDULES } from "./schedule.js";

const at = (schedule: (typeof SCHEDULES)[number], step: number): number =>
  rateFactor({ schedule, warmUp: 0 }, { step, steps: 1000 });

test("a constant rate stays, and a plateau's is not the steps' business", () => {
  for (const step of [0, 500, 999]) expect([at("constant", step), at("plateau", step)]).toEqual([1, 1]);
});

test("the polynomial one starts whole, falls by (1 − t)^0.9, and ends just above nothing", () => {
  expect(at("poly", 0)).toBe(1);
  expect(at("poly", 500)).toBeCloseTo(0.5358867, 7); // 2^−0.9
  expect(at("poly", 900)).toBeCloseTo(0.1258925, 7); // 10^−0.9
  expect(at("poly", 999)).toBeGreaterThan(0);
});

test("the cosine starts whole, passes a half in the middle, and ends at nothing", () => {
  expect(at("cosine", 0)).toBe(1);
  expect(at("cosine", 500)).toBeCloseTo(0.5, 12);
  expect(at("cosine", 250)).toBeCloseTo((1 + Math.SQRT1_2) / 2, 12);
  expect(at("cosine", 1000)).toBeCloseTo(0, 12);
});

test.each(SCHEDULES)("%s warms up evenly, and falls over the steps that are left", (schedule) => {
  const warm = (step: number): number => rateFactor({ schedule, warmUp: 4 }, { step, steps: 1004 });
  expect([0, 1, 2, 3].map(warm)).toEqual([0.2, 0.4, 0.6, 0.8].map((value) => expect.closeTo(value, 12)));
  for (const step of [0, 250, 999]) expect(warm(4 + step)).toBeCloseTo(at(schedule, step), 12);
});

test("a run that is all warm-up never divides by nothing", () => {
  expect(rateFactor({ schedule: "poly", warmUp: 5 }, { step: 5, steps: 5 })).toBe(1);
});
