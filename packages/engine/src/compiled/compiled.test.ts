import { RandomSource } from "@multirnet/base";
import { describe, expect, test } from "vitest";

import { gradients, withoutGradients } from "../autograd.js";
import { tensor } from "../create.js";
import { Generator } from "../generator.js";
import { batchNorm, cat, conv3d, convTranspose3d, full, type Tensor } from "../generated/tensor.js";
import { aboutEngine } from "../machine.js";
import { Buffer, Module, Parameter } from "../module.js";
import { labelled, record } from "../recorder.js";
import { scope } from "../scope.js";
import { drawn, furthest } from "../testing/drawn.js";
import { compile, type Compiled } from "./compiled.js";

class Layer extends Module {
  readonly weight = new Parameter(drawn("weight", [9, 4, 3, 3, 3]));
  readonly scale = new Parameter(drawn("scale", [9]));
  readonly shift = new Parameter(drawn("shift", [9]));
  readonly mean = new Buffer(drawn("mean", [9]));
  readonly variance = new Buffer(drawn("variance", [9]).abs().add(0.5));

  forward(x: Tensor, trains = false): Tensor {
    const { weight, scale, shift, mean, variance } = this;
    const wide = conv3d(x, weight.tensor, { padding: 1 });
    const fixed = [scale.tensor, shift.tensor, mean.tensor, variance.tensor] as const;
    return batchNorm(wide, ...fixed, trains, 0.1, 1e-5).reluInPlace();
  }
}

const SIZE = [2, 4, 3, 5, 6];
const scan = (name = "scan", size: readonly number[] = SIZE): Tensor => drawn(name, size);

/** Compiles `body` of a layer for one input. */
function compiledOf(
  layer: Module,
  x: Tensor,
  body: (x: Tensor) => Tensor,
  options: { readonly fold?: boolean; readonly randomKeys?: number } = {},
): Compiled | undefined {
  return compile(layer, [x], () => [body(x)], { fold: true, ...options });
}

describe.skipIf(aboutEngine().block === 0)("compiled functions", () => {
  test("answer for other inputs of the size as the function does", () => {
    scope(() => {
      const layer = new Layer();
      const body = (x: Tensor): Tensor =>
        cat([layer.forward(x), x], { dim: 1 })
          .mul(2)
          .add(1);
      const compiled = compiledOf(layer, scan(), body) as Compiled;
      const other = scan("other");
      const [found] = withoutGradients(() => compiled.run([other])) as [Tensor];
      expect(found.shape).toEqual([2, 13, 3, 5, 6]);
      expect(furthest(found, body(other))).toBeLessThan(1e-5);
      layer.release();
    });
  });

  test.each(["alone", "and read whole elsewhere"])(
    "a join that a wide convolution reads, %s, changes no number",
    (how) => {
      scope(() => {
        const layer = new (class extends Module {})();
        const weight = drawn("wide", [32, 32, 3, 3, 3]);
        const body = (x: Tensor): Tensor => {
          const half = conv3d(x, drawn("half", [16, 4, 1, 1, 1]));
          const both = cat([half.relu(), half], { dim: 1 });
          const seen = conv3d(both, weight, { padding: 1 });
          return how === "alone" ? seen : cat([seen.sub(both), both], { dim: 1 });
        };
        const size = [1, 4, 4, 18, 17];
        const compiled = compiledOf(layer, scan("scan", size), body) as Compiled;
        const other = scan("other", size);
        const [found] = withoutGradients(() => compiled.run([other])) as [Tensor];
        expect(furthest(found, body(other))).toBeLessThan(2e-5 * body(other).abs().amax().item());
      });
    },
  );

  test("fold weights as they are, and know when they have changed", () => {
    scope(() => {
      const layer = new Layer();
      const x = scan();
      const compiled = compiledOf(layer, x, (input) => layer.forward(input)) as Compiled;
      expect(compiled.stale()).toBe(false);
      withoutGradients(() => layer.mean.tensor.copyInPlace(drawn("new mean", [9])));
      expect(compiled.stale()).toBe(true);
      layer.release();
    });
  });

  test("without folding take weights as they are at each run, and are differentiated as the function is", () => {
    scope(() => {
      const layer = new Layer();
      const x = scan();
      const compiled = compiledOf(layer, x, (input) => layer.forward(input, true), { fold: false }) as Compiled;
      withoutGradients(() => layer.weight.tensor.copyInPlace(drawn("new weight", [9, 4, 3, 3, 3])));
      expect(compiled.stale()).toBe(false);
      const parameters = [...layer.parameters().values()];
      const pin = drawn("pin", [2, 9, 3, 5, 6]);
      const own = gradients(layer.forward(x, true).mul(pin), parameters) as Tensor[];
      const [found] = compiled.run([x]) as [Tensor];
      const fast = gradients(found.mul(pin), parameters) as Tensor[];
      for (const [place, gradient] of own.entries())
        expect(furthest(fast[place] as Tensor, gradient)).toBeLessThan(2e-5 * gradient.abs().amax().item());
      layer.release();
    });
  });

  test("are not differentiated twice", () => {
    scope(() => {
      const layer = new Layer();
      const x = scan();
      const compiled = compiledOf(layer, x, (input) => layer.forward(input, true), { fold: false }) as Compiled;
      const [found] = compiled.run([x]) as [Tensor];
      expect(() => gradients(found, [layer.weight.tensor], { createGraph: true })).toThrow(/differentiated once/);
      layer.release();
    });
  });

  test("keep tensors that the function made of numbers, and free all else", () => {
    scope(() => {
      const layer = new Layer();
      const x = scan();
      const body = (input: Tensor): Tensor => scope(() => layer.forward(input).mul(tensor([1, 2, 3, 4, 5, 6], [6])));
      const expected = body(x);
      const before = aboutEngine().liveTensors;
      const compiled = compiledOf(layer, x, body) as Compiled;
      const kept = aboutEngine().liveTensors;
      const [found] = withoutGradients(() => compiled.run([x])) as [Tensor];
      expect(aboutEngine().liveTensors).toBe(kept + 1);
      scope(() => {
        expect(furthest(found, expected)).toBeLessThan(5e-5);
      });
      found.release();
      compiled.release();
      expect(aboutEngine().liveTensors).toBe(before);
      layer.release();
    });
  });

  test("leave the weights that they hold to their module", () => {
    scope(() => {
      class Head extends Module {
        readonly weight = new Parameter(drawn("head", [1, 4, 1, 1, 1]));
        readonly bias = new Parameter(drawn("bias", [1]));
        readonly up = new Parameter(drawn("up", [4, 8, 2, 2, 2]));
        readonly shift = new Parameter(drawn("shift", [8]));
      }
      const head = new Head();
      const { weight, bias, up, shift } = head;
      const x = scan();
      const body = (input: Tensor): Tensor => {
        const wide = convTranspose3d(input.relu(), up.tensor, { bias: shift.tensor, stride: 2 });
        return conv3d(wide.narrow(1, 0, 4), weight.tensor, { bias: bias.tensor });
      };
      const expected = body(x);
      const compiled = compiledOf(head, x, body) as Compiled;
      const [found] = withoutGradients(() => compiled.run([x])) as [Tensor];
      expect(furthest(found, expected)).toBeLessThan(1e-5);
      compiled.release();
      expect(furthest(body(x), expected)).toBe(0);
      head.release();
    });
  });

  test("draw from the random source of the run", () => {
    scope(() => {
      const layer = new Layer();
      const x = scan();
      const body = (input: Tensor, random: RandomSource): Tensor => {
        const generator = new Generator(random.derive("dropout", 3));
        return layer.forward(input).mul(full([2, 9, 3, 5, 6], 1).bernoulliInPlace({ p: 0.5, generator }));
      };
      const first = new RandomSource("run", 1);
      const second = new RandomSource("run", 2);
      const compiled = compiledOf(layer, x, (input) => body(input, first), {
        randomKeys: first.keys.length,
      }) as Compiled;
      const run = (random: RandomSource): Tensor => (withoutGradients(() => compiled.run([x], random)) as [Tensor])[0];
      expect(furthest(run(first), body(x, first))).toBeLessThan(1e-5);
      expect(furthest(run(second), body(x, second))).toBeLessThan(1e-5);
      expect(furthest(run(second), body(x, first))).toBeGreaterThan(0.01);
      layer.release();
    });
  });

  test("stand in a recording under the module's name, and with fewer calls", () => {
    scope(() => {
      const layer = new Layer();
      const x = scan();
      const body = (input: Tensor): Tensor => labelled("layer", () => layer.forward(input));
      const compiled = compiledOf(layer, x, body) as Compiled;
      const { calls } = withoutGradients(() => record(() => compiled.run([x])));
      expect(calls.map(({ op, module }) => [op, module])).toEqual([
        ["multirnet::block", "layer"],
        ["multirnet::convolution_packed", "layer"],
        ["multirnet::flat", "layer"],
      ]);
      layer.release();
    });
  });

  test("are none where elements decide, where a view of what is changed is read later, or where an input is changed", () => {
    scope(() => {
      const layer = new Layer();
      const x = scan();
      const refused = (body: (x: Tensor) => Tensor): boolean => compiledOf(layer, x, body) === undefined;
      expect(refused((input) => (input.sum(undefined).item() > 0 ? layer.forward(input) : input))).toBe(true);
      expect(
        refused((input) => {
          const wide = input.mul(-1);
          const half = wide.narrow(1, 0, 2);
          return cat([wide.reluInPlace(), half], { dim: 1 });
        }),
      ).toBe(true);
      expect(
        refused((input) => {
          const wide = input.mul(-1);
          const half = wide.narrow(1, 0, 2);
          wide.reluInPlace();
          return half;
        }),
      ).toBe(true);
      expect(refused((input) => input.reluInPlace())).toBe(true);
      // The same without the view, or with one that is taken afterwards, is compiled.
      const fine = (input: Tensor): Tensor => {
        const wide = input.mul(-1);
        wide.reluInPlace();
        return cat([wide, wide.narrow(1, 0, 2)], { dim: 1 });
      };
      const compiled = compiledOf(layer, x, fine) as Compiled;
      const [found] = withoutGradients(() => compiled.run([scan("other")])) as [Tensor];
      expect(furthest(found, fine(scan("other")))).toBe(0);
      layer.release();
    });
  });

  test("are none for other types than float32", () => {
    scope(() => {
      const layer = new Layer();
      const x = scan().toDtype("float64");
      expect(compiledOf(layer, x, (input) => input.mul(2))).toBeUndefined();
      layer.release();
    });
  });
});
