import { RandomSource } from "@multirnet/base";
import { expect, test } from "vitest";

import { withoutGradients } from "./autograd.js";
import { tensorFrom } from "./create.js";
import { EngineError } from "./errors.js";
import type { Tensor } from "./generated/tensor.js";
import { adamByOperators, adamInPlace, type AdamTensors } from "./optimise.js";
import { scope } from "./scope.js";

const NUMBERS = { betas: [0.9, 0.99], rate: 0.03, root: 0.4, epsilon: 1e-8, kept: 0.999 } as const;

function drawn(name: string, shape: readonly number[], of: (u: number) => number = (u) => 2 * u - 1): Tensor {
  const random = new RandomSource(name);
  const count = shape.reduce((a, b) => a * b, 1);
  return tensorFrom(
    Float32Array.from({ length: count }, () => of(random.uniform())),
    shape,
  );
}

function tensors(): AdamTensors {
  const all = (name: string, of?: (u: number) => number): Tensor[] =>
    [[70_000], [3, 5], [1]].map((shape, place) => drawn(`${name} ${String(place)}`, shape, of));
  return { weights: all("weight"), gradients: all("gradient"), means: all("mean"), squares: all("square", (u) => u) };
}

test("a step of three tensors, one of more than a chunk, is that of libtorch's operators", () => {
  scope(() => {
    const [fast, plain] = [tensors(), tensors()];
    for (const weight of fast.weights) weight.setRequiresGrad(true);
    adamInPlace(fast, NUMBERS);
    withoutGradients(() => {
      adamByOperators(plain, NUMBERS);
    });
    for (const list of ["weights", "means", "squares"] as const)
      for (const [place, tensor] of plain[list].entries())
        expect(
          tensor
            .sub(fast[list][place] as Tensor)
            .abs()
            .amax()
            .item(),
        ).toBeLessThan(3e-7);
    expect(fast.gradients[0]?.toArray()).toEqual(plain.gradients[0]?.toArray());
  });
});

test("a step by hand", () => {
  scope(() => {
    const one = (value: number): Tensor[] => [tensorFrom(Float32Array.of(value), [1])];
    const all = { weights: one(2), gradients: one(3), means: one(1), squares: one(4) };
    adamInPlace(all, { betas: [0.5, 0.75], rate: 0.1, root: 0.5, epsilon: 0, kept: 0.5 });
    expect(all.means[0]?.item()).toBe(2); // (1 + 3) / 2
    expect(all.squares[0]?.item()).toBe(5.25); // 3 + 9 / 4
    expect(all.weights[0]?.item()).toBeCloseTo(1 - (0.1 * 2) / (Math.sqrt(5.25) / 0.5), 6);
  });
});

test("a gradient of another shape is refused", () => {
  scope(() => {
    const all = tensors();
    const odd = { ...all, gradients: [...all.gradients.slice(0, 2), drawn("odd", [2])] };
    expect(() => {
      adamInPlace(odd, NUMBERS);
    }).toThrow(EngineError);
  });
});
