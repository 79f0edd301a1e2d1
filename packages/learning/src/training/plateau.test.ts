import { expect, test } from "vitest";

import { plateauAfter } from "./plateau.js";

const settings = { schedule: "plateau", plateau: { factor: 0.1, patience: 2 } } as const;

test("the factor falls when validation has stood still for its patience, and the count begins anew", () => {
  const factors: number[] = [];
  let state: ReturnType<typeof plateauAfter>;
  for (const [epoch, better] of [true, false, false, false, true, false, false, false, false].entries()) {
    state = plateauAfter(state, settings, { epoch, better });
    factors.push(state?.factor ?? NaN);
  }
  // Better in epoch 0: falls after epoch 2. Better in epoch 4: falls after 6 and after 8.
  expect(factors).toEqual([
    1,
    1,
    0.1,
    0.1,
    0.1,
    0.1,
    expect.closeTo(0.01, 12),
    expect.closeTo(0.01, 12),
    expect.closeTo(0.001, 12),
  ]);
});

test("without any better validation it counts from the beginning", () => {
  let state = plateauAfter(undefined, settings, { epoch: 0, better: false });
  expect(state).toEqual({ factor: 1, since: -1 });
  state = plateauAfter(state, settings, { epoch: 1, better: false });
  expect(state).toEqual({ factor: 0.1, since: 1 });
});

test("other schedules have none", () => {
  expect(
    plateauAfter(undefined, { schedule: "poly", plateau: undefined }, { epoch: 3, better: false }),
  ).toBeUndefined();
});
