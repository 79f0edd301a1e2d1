import { RandomSource } from "@multirnet/base";
import { scope, type Tensor } from "@multirnet/engine";
import { expect, test } from "vitest";

import type { Pass } from "../network.js";
import { noise } from "../testing/formula.js";
import { EVALUATION, training } from "../testing/passes.js";
import { setWeights } from "../testing/weights.js";
import { TransformerEncoder } from "./transformer.js";

const WIDTH = 6;
const identity = Array.from({ length: WIDTH * WIDTH }, (_, at) => Number(at % (WIDTH + 1) === 0));
const tokens = (): Tensor => noise("tokens", [2, 50, WIDTH]);

/** What the first layer of a fresh encoder adds to its tokens. */
function added(weights: Parameters<typeof setWeights>[1], pass: Pass): number[] {
  return scope(() => {
    const shape = { width: WIDTH, heads: 2, mlp: WIDTH, layers: 1, dropout: 0.5 };
    const [layer] = new TransformerEncoder(shape, new RandomSource(5)).layers;
    if (layer === undefined) throw new Error("an encoder without a layer");
    setWeights(layer, weights);
    return layer.forward(tokens(), pass, "layer 0").sub(tokens()).toNumbers();
  });
}

const none = { "attention.out.weight": 0, "attention.out.bias": 0 };
const shares = (numbers: readonly number[]): Map<number, number> => {
  const found = new Map<number, number>();
  for (const one of numbers.map((n) => Math.round(n * 1e4) / 1e4))
    found.set(one, (found.get(one) ?? 0) + 1 / numbers.length);
  return found;
};

test("a perceptron's output is dropped after its second layer", () => {
  const ones = { ...none, "second.weight": 0, "second.bias": 1 };
  expect([...shares(added(ones, EVALUATION)).keys()]).toEqual([1]);
  const found = shares(added(ones, training()));
  expect([...found.keys()].sort()).toEqual([0, 2]);
  expect(found.get(2)).toBeCloseTo(0.5, 1);
});

test("and between its layers, after the activation", () => {
  // 2 goes through GELU: 2 · Φ(2) = 1.9545.
  const twos = { ...none, "first.weight": 0, "first.bias": 2, "second.weight": identity, "second.bias": 0 };
  expect([...shares(added(twos, EVALUATION)).keys()]).toEqual([1.9545]);
  const found = shares(added(twos, training()));
  expect([...found.keys()].sort()).toEqual([0, 7.818]); // dropped twice, doubled twice: 4 · 1.95450
  expect(found.get(7.818)).toBeCloseTo(0.25, 1);
});

test("attention drops nothing", () => {
  const silent = { "second.weight": 0, "second.bias": 0 };
  const attended = added(silent, training());
  expect(attended).toEqual(added(silent, EVALUATION));
  expect(Math.max(...attended.map(Math.abs))).toBeGreaterThan(0.1);
});
