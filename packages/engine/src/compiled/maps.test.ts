import { describe, expect, test } from "vitest";

import { gradients, withoutGradients } from "../autograd.js";
import { conv2d, convTranspose2d, convTranspose3d, type Tensor } from "../generated/tensor.js";
import { aboutEngine } from "../machine.js";
import { Module, Parameter } from "../module.js";
import { record } from "../recorder.js";
import { scope } from "../scope.js";
import { drawn, furthest } from "../testing/drawn.js";
import { compile, type Compiled } from "./compiled.js";

class Spreading extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;

  constructor(shape: readonly number[], bias: boolean) {
    super();
    this.weight = new Parameter(drawn("weight", shape));
    this.bias = bias ? new Parameter(drawn("bias", [shape[0] ?? 0])) : undefined;
  }
}

interface Case {
  readonly says: string;
  readonly x: readonly number[];
  readonly weight: readonly number[];
  readonly bias: boolean;
  readonly options: {
    readonly stride: number | readonly number[];
    readonly groups?: number;
    readonly padding?: number;
  };
}

const SPREAD: readonly Case[] = [
  {
    says: "one channel, three dimensions, unequal sides",
    x: [2, 1, 2, 3, 4],
    weight: [1, 1, 2, 3, 1],
    bias: true,
    options: { stride: [2, 3, 1] },
  },
  {
    says: "two channels by themselves, no bias",
    x: [1, 2, 3, 5],
    weight: [2, 1, 4, 4],
    bias: false,
    options: { stride: 4, groups: 2 },
  },
];
const LEFT: readonly Case[] = [
  { says: "channels that mix", x: [1, 2, 3, 5], weight: [2, 1, 2, 2], bias: false, options: { stride: 2 } },
  { says: "pieces that overlap", x: [1, 1, 3, 5], weight: [1, 1, 3, 3], bias: true, options: { stride: 2 } },
  { says: "padding", x: [1, 1, 3, 5], weight: [1, 1, 2, 2], bias: true, options: { stride: 2, padding: 1 } },
];

describe.skipIf(aboutEngine().block === 0)("maps of few channels", () => {
  test.each([
    ...SPREAD.map((one) => ({ ...one, becomes: "aten::mul.Tensor" })),
    ...LEFT.map((one) => ({ ...one, becomes: "aten::conv_transpose2d.input" })),
  ])(
    "a transposed convolution of $says: values and gradients are libtorch's",
    ({ x: size, weight, bias, options, becomes }) => {
      scope(() => {
        const layer = new Spreading(weight, bias);
        const spread = size.length === 5 ? convTranspose3d : convTranspose2d;
        const body = (x: Tensor): Tensor =>
          spread(x, layer.weight.tensor, { bias: layer.bias?.tensor, ...options }).mul(2);
        const x = drawn("x", size).setRequiresGrad(true);
        const leaves = [x, ...layer.parameters().values()];
        const [found, truth] = [compileOf(layer, x, body, false).run([x])[0] as Tensor, body(x)];
        expect(furthest(found, truth)).toBeLessThan(1e-6);
        const pin = drawn("pin", truth.shape);
        const [fast, plain] = [found, truth].map((out) => gradients(out.mul(pin), leaves)) as [Tensor[], Tensor[]];
        for (const [place, gradient] of plain.entries())
          expect(furthest(fast[place] as Tensor, gradient)).toBeLessThan(1e-5 * gradient.abs().amax().item());

        const folded = compileOf(layer, x, body, true);
        const { result, calls } = record(() => withoutGradients(() => folded.run([x])[0] as Tensor));
        expect(furthest(result, truth)).toBeLessThan(1e-6);
        expect(calls.map(({ op }) => op)).toContain(becomes);
        layer.release();
      });
    },
  );

  test("one that a convolution in blocks reads is resampled as libtorch does", () => {
    scope(() => {
      const layer = new Spreading([9, 1, 3, 3], false);
      const body = (x: Tensor): Tensor =>
        conv2d(x.upsampleBilinear2d([7, 9], false), layer.weight.tensor, { padding: 1 });
      const x = drawn("x", [2, 1, 4, 3]);
      const compiled = compileOf(layer, x, body, true);
      const { result, calls } = record(() => withoutGradients(() => compiled.run([x])[0] as Tensor));
      expect(furthest(result, body(x))).toBeLessThan(1e-5);
      expect(calls.map(({ op }) => op)).toEqual([
        "multirnet::resize",
        "multirnet::convolution_packed",
        "multirnet::flat",
      ]);
      layer.release();
    });
  });
});

function compileOf(layer: Module, x: Tensor, body: (x: Tensor) => Tensor, fold: boolean): Compiled {
  return compile(layer, [x], () => [body(x)], { fold }) as Compiled;
}
