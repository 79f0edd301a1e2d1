import { keep, tensor, type Tensor } from "@multirnet/engine";
import { expect, test } from "vitest";

import { Adam, type AdamSettings } from "./adam.js";

const PAPER: AdamSettings = { betas: [0.9, 0.999], epsilon: 1e-8, weightDecay: 0 };

const vector = (...values: readonly number[]): Tensor => keep(tensor(values, [values.length], "float64"));
const one = (weight: Tensor): ReadonlyMap<string, Tensor> => new Map([["w", weight]]);

test("the first step moves each weight by the rate against its gradient's sign, whatever its size", () => {
  const weight = vector(1, -2, 3);
  new Adam(one(weight), PAPER).step([vector(1e-3, -400, 0)], 0.1);
  const [up, down, still] = weight.toNumbers();
  expect(up).toBeCloseTo(1 - (0.1 * 1e-3) / (1e-3 + 1e-8), 12);
  expect(down).toBeCloseTo(-2 + 0.1, 10);
  expect(still).toBe(3);
});

test("three steps with round numbers, worked by hand", () => {
  // β = ½ and ¾, ε = 1, rate 1. Gradients of w₁: 4, 0, −4; of w₂: 1, 1, 1, whose corrected moments stay 1, so it moves by ½ a step.
  const weight = vector(0, 10);
  const adam = new Adam(one(weight), { betas: [0.5, 0.75], epsilon: 1, weightDecay: 0 });
  // m = 2, v = 4; corrected 2/½ = 4 and 4/¼ = 16: 4/(4 + 1).
  adam.step([vector(4, 1)], 1);
  const afterOne = -4 / 5;
  expect(weight.toNumbers()).toEqual([expect.closeTo(afterOne, 12), expect.closeTo(9.5, 12)]);
  // m = 1, v = 3; corrected 1/¾ = 4/3 and 3/(7/16) = 48/7.
  adam.step([vector(0, 1)], 1);
  const afterTwo = afterOne - 4 / 3 / (Math.sqrt(48 / 7) + 1);
  expect(weight.toNumbers()).toEqual([expect.closeTo(afterTwo, 12), expect.closeTo(9, 12)]);
  // m = −3/2, v = 9/4 + 4 = 25/4; corrected −12/7 and (25/4)/(37/64) = 400/37.
  adam.step([vector(-4, 1)], 1);
  const afterThree = afterTwo + 12 / 7 / (Math.sqrt(400 / 37) + 1);
  expect(weight.toNumbers()).toEqual([expect.closeTo(afterThree, 12), expect.closeTo(8.5, 12)]);
  expect(adam.steps).toBe(3);
});

test("ten steps are those of the formula in plain arithmetic", () => {
  const settings: AdamSettings = { betas: [0.8, 0.95], epsilon: 1e-3, weightDecay: 0.2 };
  const gradient = (w: number, step: number): number => w ** 3 - Math.cos(step);
  const weight = vector(0.7);
  const adam = new Adam(one(weight), settings);
  let [w, m, v] = [0.7, 0, 0];
  for (let t = 1; t <= 10; t++) {
    const rate = 0.1 / t; // of each step its own
    adam.step([vector(gradient(weight.item(), t))], rate);
    const g = gradient(w, t);
    m = 0.8 * m + 0.2 * g;
    v = 0.95 * v + 0.05 * g * g;
    w = w * (1 - rate * 0.2) - (rate * (m / (1 - 0.8 ** t))) / (Math.sqrt(v / (1 - 0.95 ** t)) + 1e-3);
    expect(weight.item()).toBeCloseTo(w, 12);
  }
});

test("weight decay shrinks the weights and stays out of the moments", () => {
  const weight = vector(4);
  const adam = new Adam(one(weight), { ...PAPER, weightDecay: 0.5 });
  adam.step([vector(0)], 0.1);
  expect(weight.item()).toBeCloseTo(4 * 0.95, 12);
  expect([adam.state().get("mean.w"), adam.state().get("square.w")].map((moment) => moment?.item())).toEqual([0, 0]);
});

test("weights of several tensors move by their own gradients", () => {
  const [a, b] = [vector(1, 2), vector(3)];
  const adam = new Adam(new Map(Object.entries({ a, b })), PAPER);
  adam.step([vector(1, -1), vector(1)], 0.1);
  expect(a.toNumbers()).toEqual([expect.closeTo(0.9, 7), expect.closeTo(2.1, 7)]);
  expect(b.item()).toBeCloseTo(2.9, 7);
  expect([...adam.state().keys()]).toEqual(["mean.a", "mean.b", "square.a", "square.b", "missed"]);
});

test("it minimises: a bowl is at its bottom after some hundred steps", () => {
  const weight = vector(5, -3);
  const adam = new Adam(one(weight), PAPER);
  for (let i = 0; i < 600; i++) {
    const [x = 0, y = 0] = weight.toNumbers();
    adam.step([vector(2 * (x - 1), 20 * (y - 2))], 0.05);
  }
  expect(weight.toNumbers()).toEqual([expect.closeTo(1, 3), expect.closeTo(2, 3)]);
});

test("a weight without a gradient stands still, and so do its moments", () => {
  const [moved, still] = [vector(1), vector(2)];
  const adam = new Adam(
    new Map([
      ["moved", moved],
      ["still", still],
    ]),
    { ...PAPER, weightDecay: 0.5 },
  );
  adam.step([vector(3), vector(4)], 0.1);
  const [before, moments] = [still.item(), adam.state().get("mean.still")?.toNumbers()];
  adam.step([vector(3), undefined], 0.1);
  expect(still.item()).toBe(before);
  expect(adam.state().get("mean.still")?.toNumbers()).toEqual(moments);
  expect(moved.item()).toBeLessThan(0.9);
});

test("a weight that begins later begins as one that began at once: only the steps in which it took part count", () => {
  const [early, late, alone] = [vector(1), vector(2), vector(2)];
  const both = new Adam(new Map(Object.entries({ early, late })), PAPER);
  for (let step = 0; step < 200; step++) both.step([vector(1), undefined], 0.01);
  const only = new Adam(one(alone), PAPER);
  for (let step = 1; step <= 5; step++) {
    both.step([vector(1), vector(step)], 0.01);
    only.step([vector(step)], 0.01);
    expect(late.item()).toBeCloseTo(alone.item(), 12);
  }
});
