import { decodeSafetensors, encodeSafetensors, keep, tensor, type Tensor } from "@multirnet/engine";
import { expect, test } from "vitest";

import { Adam } from "./adam.js";

const settings = { betas: [0.9, 0.999], epsilon: 1e-8, weightDecay: 0.01 } as const;

/** Two tensors of weights, and what they are after some steps whose gradients depend on nothing but the step. */
function made(): { readonly weights: ReadonlyMap<string, Tensor>; readonly adam: Adam } {
  const weights = new Map([
    ["first.weight", keep(tensor([0.1, -0.7, 1.3, 2.9], [2, 2], "float32"))],
    ["second.bias", keep(tensor([0.3], [1], "float32"))],
  ]);
  return { weights, adam: new Adam(weights, settings) };
}
function go(adam: Adam, from: number, to: number): void {
  for (let step = from; step < to; step++) {
    const g = [Math.sin(step), Math.cos(3 * step), 1 / (step + 1), -0.1];
    adam.step([tensor(g, [2, 2], "float32"), tensor([Math.sin(5 * step)], [1], "float32")], 0.01);
  }
}
const bits = (tensors: ReadonlyMap<string, Tensor>): Uint8Array => encodeSafetensors(tensors);

test("a state that went through a file goes on to the same bits", () => {
  const whole = made();
  go(whole.adam, 0, 12);

  const before = made();
  go(before.adam, 0, 5);
  const after = made();
  for (const [name, weight] of after.weights) weight.copyInPlace(before.weights.get(name) as Tensor);
  after.adam.loadState(decodeSafetensors(bits(before.adam.state()), "state"), before.adam.steps);
  expect(after.adam.steps).toBe(5);
  expect(bits(after.adam.state())).toEqual(bits(before.adam.state()));
  go(after.adam, 5, 12);

  expect(bits(after.weights)).toEqual(bits(whole.weights));
  expect(bits(after.adam.state())).toEqual(bits(whole.adam.state()));
});

test("the number of steps matters: it is what the bias is corrected by", () => {
  const [right, wrong] = [made(), made()];
  go(right.adam, 0, 1);
  for (const [name, weight] of wrong.weights) weight.copyInPlace(right.weights.get(name) as Tensor);
  wrong.adam.loadState(right.adam.state(), 0);
  go(right.adam, 1, 2);
  go(wrong.adam, 1, 2);
  expect(bits(wrong.weights)).not.toEqual(bits(right.weights));
});

test("steps in which a weight took no part are kept", () => {
  const only = (adam: Adam): void => {
    adam.step([tensor([1, 2, 3, 4], [2, 2], "float32"), undefined], 0.01);
  };
  const whole = made();
  for (let step = 0; step < 3; step++) only(whole.adam);
  const after = made();
  for (const [name, weight] of after.weights) weight.copyInPlace(whole.weights.get(name) as Tensor);
  after.adam.loadState(decodeSafetensors(bits(whole.adam.state()), "state"), 3);
  go(whole.adam, 0, 2);
  go(after.adam, 0, 2);
  expect(bits(after.weights)).toEqual(bits(whole.weights));
  const without = new Map(whole.adam.state());
  without.delete("missed");
  expect(() => {
    after.adam.loadState(without, 5);
  }).toThrow("these weights are not this network's: 1 missing (missed)");
});

test("a state of other weights is refused by name, and nothing of it is taken", () => {
  const { adam } = made();
  go(adam, 0, 2);
  const before = bits(adam.state());
  const state = new Map(adam.state());
  state.delete("square.second.bias");
  state.set("mean.first.weight", tensor([1, 2, 3], [3], "float32"));
  expect(() => {
    adam.loadState(state, 7);
  }).toThrow(
    "these weights are not this network's: 1 missing (square.second.bias); " +
      "1 of another shape (mean.first.weight is 2×2 float32 here and 3 float32 there)",
  );
  expect(bits(adam.state())).toEqual(before);
  expect(adam.steps).toBe(2);
});

test("a released optimiser has given its tensors back", () => {
  const { adam, weights } = made();
  const [moment] = adam.state().values();
  adam.release();
  expect(() => moment?.toNumbers()).toThrow();
  expect(weights.get("second.bias")?.item()).toBeCloseTo(0.3, 6);
});
