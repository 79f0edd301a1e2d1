import { tensor, type Tensor } from "@multirnet/engine";
import { expect, test } from "vitest";

import { clipGradients } from "./gradient-norm.js";

const vector = (...values: readonly number[]): Tensor => tensor(values, [values.length], "float64");

test("the norm is that of all gradients together, and they are shortened to the largest allowed", () => {
  const gradients = [vector(3, 0), undefined, vector(4)];
  expect(clipGradients(gradients, 2.5)).toBeCloseTo(5, 12);
  expect(gradients.map((one) => one?.toNumbers())).toEqual([[1.5, 0], undefined, [2]]);
});

test("shorter ones are left to the bit", () => {
  const gradients = [vector(0.1, -0.7)];
  clipGradients(gradients, 1);
  expect(gradients[0]?.toNumbers()).toEqual([0.1, -0.7]);
});
