import { keep, tensor, type Tensor } from "@multirnet/engine";
import { expect, test } from "vitest";

import { Sgd } from "./sgd.js";

const vector = (...values: readonly number[]): Tensor => keep(tensor(values, [values.length], "float64"));
const one = (weight: Tensor): ReadonlyMap<string, Tensor> => new Map([["w", weight]]);

test("without momentum each weight goes down its slope", () => {
  const weight = vector(1, -2);
  new Sgd(one(weight), { momentum: 0, weightDecay: 0 }).step([vector(3, -4)], 0.1);
  expect(weight.toNumbers()).toEqual([expect.closeTo(0.7, 12), expect.closeTo(-1.6, 12)]);
});

test("three steps of Nesterov's momentum and decay are those of the formula in plain arithmetic", () => {
  const weight = vector(0.7);
  const sgd = new Sgd(one(weight), { momentum: 0.9, weightDecay: 0.2 });
  let [w, b] = [0.7, 0];
  for (const [t, slope] of [2, -1, 0.5].entries()) {
    const rate = 0.1 / (t + 1);
    sgd.step([vector(slope)], rate);
    const g = slope + 0.2 * w;
    b = 0.9 * b + g;
    w -= rate * (g + 0.9 * b);
    expect(weight.item()).toBeCloseTo(w, 12);
  }
  expect(sgd.steps).toBe(3);
});

test("a weight without a gradient takes no part, not by decay or momentum either", () => {
  const [a, b] = [vector(1), vector(2)];
  const sgd = new Sgd(new Map(Object.entries({ a, b })), { momentum: 0.5, weightDecay: 0.1 });
  sgd.step([vector(1), vector(1)], 0.1);
  const before = b.item();
  sgd.step([vector(1), undefined], 0.1);
  expect(b.item()).toBe(before);
  expect(sgd.state().get("velocity.b")?.item()).toBeCloseTo(1.2, 12);
});

test("a state goes on to the same bits", () => {
  const gradient = (step: number): Tensor[] => [vector(Math.sin(step), Math.cos(step))];
  const [whole, before] = [vector(1, 2), vector(1, 2)];
  const settings = { momentum: 0.9, weightDecay: 0.01 };
  const undisturbed = new Sgd(one(whole), settings);
  for (let step = 0; step < 6; step++) undisturbed.step(gradient(step), 0.1);
  const first = new Sgd(one(before), settings);
  for (let step = 0; step < 3; step++) first.step(gradient(step), 0.1);
  const second = new Sgd(one(before), settings);
  second.loadState(first.state(), first.steps);
  for (let step = 3; step < 6; step++) second.step(gradient(step), 0.1);
  expect(before.toNumbers()).toEqual(whole.toNumbers());
  expect(second.steps).toBe(6);
});
