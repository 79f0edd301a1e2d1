import { aboutEngine, Module, tensor, type Tensor } from "@multirnet/engine";
import { expect, test } from "vitest";

import type { Layer } from "../layers/norm.js";
import { EVALUATION } from "../testing/passes.js";
import { chain, reluChain } from "./chain.js";

class Plus extends Module implements Layer {
  readonly #amount: number;

  constructor(amount: number) {
    super();
    this.#amount = amount;
  }

  forward(x: Tensor): Tensor {
    return this.#amount === 0 ? x : x.mul(10).add(this.#amount);
  }
}

test("layers run in their order", () => {
  const x = tensor([1], [1]);
  expect(chain([new Plus(2), new Plus(3)], x, EVALUATION).item()).toBe(123);
  expect(chain([], x, EVALUATION)).toBe(x);
});

test("what lies between two layers is freed, what went in and what came out are not", () => {
  const x = tensor([1], [1]);
  const layers = [new Plus(0), new Plus(1), new Plus(0), new Plus(2), new Plus(0)]; // 0 hands on the same tensor
  const inner: Tensor[] = [];
  for (const layer of layers) {
    const forward = layer.forward.bind(layer);
    layer.forward = (given) => {
      inner.push(forward(given));
      return inner.at(-1) as Tensor;
    };
  }
  const before = aboutEngine().liveTensors;
  const found = chain(layers, x, EVALUATION);
  expect(x.item()).toBe(1);
  expect(found.item()).toBe(112);
  // The result and the two that `Plus` multiplied on the way.
  expect(aboutEngine().liveTensors).toBe(before + 3);
  expect(() => inner[1]?.item()).toThrow(/released/);
});

test("with a ReLU after each layer nothing below 0 goes on, and only the last is kept", () => {
  const x = tensor([1, -1], [2]);
  const before = aboutEngine().liveTensors;
  const found = reluChain([new Plus(2), new Plus(-30)], x, EVALUATION);
  expect(found.toNumbers()).toEqual([90, 0]); // 12 and 0 after the first; 90 and -30
  expect(x.toNumbers()).toEqual([1, -1]);
  expect(aboutEngine().liveTensors).toBe(before + 1);
});
