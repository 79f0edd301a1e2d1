import { keep, tensor, type Tensor } from "@multirnet/engine";
import { expect, test } from "vitest";

import { WeightAverage } from "./weight-average.js";

const vector = (...values: readonly number[]): Tensor => keep(tensor(values, [values.length], "float64"));
const averageOf = (average: WeightAverage): number[] => [...average.state().values()].flatMap((one) => one.toNumbers());

test("an average begins at the weights, and follows them as fast as its age allows", () => {
  const weight = vector(1, 10);
  const average = new WeightAverage(new Map([["w", weight]]), 0.3);
  expect(averageOf(average)).toEqual([1, 10]);
  weight.copyInPlace(vector(2, 20));
  average.update(1); // d = 2/11
  const first = [2, 20].map((w) => (2 / 11) * (w / 2) + (9 / 11) * w);
  expect(averageOf(average)).toEqual(first.map((value) => expect.closeTo(value, 12)));
  weight.copyInPlace(vector(0, 0));
  average.update(100); // d = 0.3, as 101/110 is more
  expect(averageOf(average)).toEqual(first.map((value) => expect.closeTo(0.3 * value, 12)));
});

test("it stands in for the weights while something looks, and goes back to the bit, after a fault too", async () => {
  const weight = vector(1 / 3);
  const average = new WeightAverage(new Map([["w", weight]]), 0.5);
  weight.copyInPlace(vector(1 / 7));
  await average.standingIn(() => {
    expect(weight.item()).toBe(1 / 3);
    return Promise.resolve();
  });
  await expect(average.standingIn(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(weight.item()).toBe(1 / 7);
  expect(averageOf(average)).toEqual([1 / 3]);
});
