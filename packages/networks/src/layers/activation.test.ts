import { tensor } from "@multirnet/engine";
import { expect, test } from "vitest";

import { EVALUATION } from "../testing/passes.js";
import { setWeights } from "../testing/weights.js";
import { activationOf } from "./activation.js";

test.each([
  { kind: "relu", expected: [0, 0, 0, 1, 3] },
  { kind: "prelu", expected: [-0.5, -0.25, 0, 1, 3] }, // a quarter of what is negative, before anything is learned
  { kind: "elu", expected: [Math.exp(-2) - 1, Math.exp(-1) - 1, 0, 1, 3] },
] as const)("$kind of -2, -1, 0, 1, 3", ({ kind, expected }) => {
  const found = activationOf(kind, 1).forward(tensor([-2, -1, 0, 1, 3], [1, 1, 1, 1, 5]), EVALUATION);
  expect(found.toNumbers()).toEqual(expected.map((value) => expect.closeTo(value, 6) as unknown));
});

test("prelu learns a slope for each channel, the others learn nothing", () => {
  const prelu = activationOf("prelu", 2);
  setWeights(prelu, { weight: [0.5, 2] });
  const x = tensor([-1, 1, -10, 10], [2, 2, 1, 1, 1]); // two samples of two channels
  expect(prelu.forward(x, EVALUATION).toNumbers()).toEqual([-0.5, 1, -5, 10]);
  const both = tensor([-1, -1, -10, -10], [2, 2, 1, 1, 1]);
  expect(prelu.forward(both, EVALUATION).toNumbers()).toEqual([-0.5, -2, -5, -20]);
  expect(activationOf("relu", 2).state().size + activationOf("elu", 2).state().size).toBe(0);
});
