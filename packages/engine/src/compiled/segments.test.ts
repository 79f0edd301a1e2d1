import { RandomSource } from "@multirnet/base";
import { describe, expect, test } from "vitest";

import { gradients } from "../autograd.js";
import { Generator } from "../generator.js";
import { batchNorm, cat, conv3d, zeros, type Tensor } from "../generated/tensor.js";
import { aboutEngine } from "../machine.js";
import { Buffer, Module, Parameter } from "../module.js";
import { scope } from "../scope.js";
import { drawn, furthest } from "../testing/drawn.js";
import { compile, type Compiled } from "./compiled.js";

/** Three convolutions with norms and a dropout, of which the first is read again at the end. */
class Layers extends Module {
  readonly weights = [9, 8, 8].map(
    (to, i) => new Parameter(drawn(`weight ${String(i)}`, [to, [4, 9, 8][i] ?? 0, 3, 3, 3])),
  );
  readonly scale = new Parameter(drawn("scale", [9]));
  readonly shift = new Parameter(drawn("shift", [9]));
  readonly unused = new Parameter(drawn("unused", [2]));
  readonly mean = new Buffer(drawn("mean", [9]));
  readonly variance = new Buffer(drawn("variance", [9]).abs().add(0.5));

  forward(x: Tensor, random: RandomSource): Tensor[] {
    const [first, second, third] = this.weights.map(({ tensor }) => tensor) as [Tensor, Tensor, Tensor];
    const { scale, shift, mean, variance } = this;
    const early = batchNorm(
      conv3d(x, first, { padding: 1 }),
      scale.tensor,
      shift.tensor,
      mean.tensor,
      variance.tensor,
      true,
      0.1,
      1e-5,
    ).relu();
    const kept = zeros(early.shape)
      .add(0.7)
      .bernoulliInPlace({ p: 0.7, generator: new Generator(random.derive("dropout")) });
    const middle = conv3d(early.mul(kept), second, { padding: 1 }).relu();
    const late = conv3d(middle, third, { padding: 1 });
    return [cat([late, early], { dim: 1 }).mul(0.5), middle.mean([2, 3, 4])];
  }
}

const SIZE = [2, 4, 4, 6, 5];
const lossOf = ([map, means]: readonly Tensor[]): Tensor =>
  (map as Tensor)
    .mul(map as Tensor)
    .mean(undefined)
    .add((means as Tensor).sum(undefined).mul(0.01));

describe.skipIf(aboutEngine().block === 0)("runs in stretches", () => {
  test.each([1, 2, 3, 7, 50])(
    "%i stretches give the outputs and gradients of one run, and statistics move once",
    (count) => {
      scope(() => {
        const layers = new Layers();
        const random = new RandomSource("run");
        const x = drawn("scan", SIZE);
        const compiled = compile(layers, [x], () => layers.forward(x, random), {
          fold: false,
          randomKeys: 1,
        }) as Compiled;
        const parameters = [...layers.parameters().values()];
        const before = [layers.mean.tensor.clone(), layers.variance.tensor.clone()] as const;
        const back = (): void => {
          layers.mean.tensor.copyInPlace(before[0]);
          layers.variance.tensor.copyInPlace(before[1]);
        };
        back();
        const whole = compiled.run([x], random);
        const expected = gradients(lossOf(whole), parameters);
        const moved = layers.mean.tensor.toNumbers();
        back();
        const run = compiled.runInStretches([x], count, random);
        for (const [place, output] of run.outputs.entries()) expect(furthest(output, whole[place] as Tensor)).toBe(0);
        const heads = run.outputs.map((output) => output.detach().setRequiresGrad(true));
        const found = run.gradients(gradients(lossOf(heads), heads), parameters);
        expect(layers.mean.tensor.toNumbers()).toEqual(moved);
        expect(found.map((gradient) => gradient === undefined)).toEqual(
          expected.map((gradient) => gradient === undefined),
        );
        for (const [place, gradient] of found.entries()) {
          const right = expected[place];
          if (gradient === undefined || right === undefined) continue;
          expect(furthest(gradient, right)).toBeLessThan(1e-5 * right.abs().amax().item());
        }
        compiled.release();
        layers.release();
      });
    },
  );

  test("nothing of a run is left behind", () => {
    const layers = new Layers();
    const random = new RandomSource("run");
    const once = (): void => {
      scope(() => {
        const x = drawn("scan", SIZE);
        const compiled = compile(layers, [x], () => layers.forward(x, random), {
          fold: false,
          randomKeys: 1,
        }) as Compiled;
        const run = compiled.runInStretches([x], 3, random);
        run.gradients(
          run.outputs.map((output) => output.mul(2)),
          [...layers.parameters().values()],
        );
        compiled.release();
      });
    };
    once();
    const { liveTensors } = aboutEngine();
    once();
    expect(aboutEngine().liveTensors).toBe(liveTensors);
    layers.release();
  });
});
