import { RandomSource } from "@multirnet/base";
import { describe, expect, test, vi } from "vitest";

import { gradients, withoutGradients } from "./autograd.js";
import type * as Create from "./create.js";
import { tensor } from "./create.js";
import { conv3d, convTranspose3d, full, zeros, type Tensor } from "./generated/tensor.js";
import { Generator } from "./generator.js";
import { aboutEngine } from "./machine.js";
import { Buffer, Module, Parameter } from "./module.js";
import { decodeSafetensors, encodeSafetensors } from "./safetensors.js";
import { scope } from "./scope.js";
import { checkGradients } from "./testing/gradient-check.js";
import { GRADIENT_CASES } from "./testing/gradient-cases.js";
import { ARITHMETIC } from "./testing/value-cases/arithmetic.js";
import { LAYERS } from "./testing/value-cases/layers.js";
import { LISTS } from "./testing/value-cases/lists.js";
import { SHAPE } from "./testing/value-cases/shape.js";

const DEVICE = "cuda:0";

/** Every tensor that a case makes of numbers lies on the device. */
vi.mock("./create.js", async (original) => {
  const create = await original<typeof Create>();
  const { tensor: made, tensorFrom: madeFrom } = create;
  return {
    ...create,
    tensor: (...args: Parameters<typeof made>) => moved(made(...args)),
    tensorFrom: (...args: Parameters<typeof madeFrom>) => moved(madeFrom(...args)),
  };
});
function moved(made: Tensor): Tensor {
  return aboutEngine().cuda ? made.toDevice("cuda", made.dtype) : made;
}

test.skipIf(aboutEngine().cuda)("runs on a CUDA device, and libtorch finds none here", ({ skip }) => {
  skip();
});

if (aboutEngine().cuda) {
  describe("on a CUDA device", () => {
    const values = Object.entries({ ...ARITHMETIC, ...SHAPE, ...LAYERS, ...LISTS }).flatMap(([op, cases]) =>
      cases.map((item) => ({ op, ...item })),
    );
    /** These make their tensors by themselves, on the CPU; a test below makes them on the device. */
    const byThemselves = ["zeros", "full", "bernoulliInPlace", "toDevice"];
    test.each(values)("$op: $says", ({ op, run, shape, dtype = "float32", values }) => {
      const found = scope(() => {
        const output = run();
        return { shape: output.shape, dtype: output.dtype, device: output.device, values: output.toNumbers() };
      });
      const device = byThemselves.includes(op) ? "cpu" : DEVICE;
      expect(found).toEqual({ shape, dtype, device, values: values.map((value) => expect.closeTo(value, 5)) });
    });

    const { toDevice: _, ...onTheDevice } = GRADIENT_CASES; // which goes to the CPU
    const checks = Object.entries(onTheDevice).flatMap(([op, cases]) => cases.map((item) => ({ op, ...item })));
    test.each(checks)("$op has the gradient of its difference quotient: $says", ({ op, says, ...check }) => {
      const { difference, ...where } = checkGradients(check, new RandomSource("gradient check", op, says));
      expect(difference, JSON.stringify(where)).toBeLessThan(1e-8);
    });

    test("a gradient comes back to the device, and the type, that its input had", () => {
      scope(() => {
        const x = tensor([1, 2], [2]).setRequiresGrad(true);
        const [gradient] = gradients(x.toDevice("cpu", "float64").mul(3).sum(undefined), [x]);
        expect(gradient).toMatchObject({ device: DEVICE, dtype: "float32" });
        expect(gradient?.toNumbers()).toEqual([3, 3]);
      });
    });

    test("zeros and full are made where they are wanted, and draws there are those of the keys", () => {
      scope(() => {
        expect(zeros([2], { device: "cuda" })).toMatchObject({ device: DEVICE, dtype: "float32" });
        const drawn = (key: string): number[] => {
          const generator = new Generator(new RandomSource(key), "cuda");
          return full([10_000], 0.5, { device: "cuda" }).bernoulliInPlace({ p: 0.3, generator }).toNumbers();
        };
        const ones = drawn("a").filter((value) => value === 1).length;
        expect(Math.abs(ones / 10_000 - 0.3)).toBeLessThan(5 * Math.sqrt((0.3 * 0.7) / 10_000)); // five standard errors
        expect(drawn("a")).toEqual(drawn("a"));
        expect(drawn("b")).not.toEqual(drawn("a"));
      });
    });

    // Left to itself cuDNN rounds what convolutions multiply to 11 bits.
    test("a float32 convolution is one of float32: it and its gradients are those of float64", () => {
      const window = { stride: [1, 2, 1], padding: [1, 0, 1] } as const;
      const draw = (name: string, shape: readonly number[]): Float32Array => {
        const random = new RandomSource(name);
        return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal());
      };
      const place = (name: string, shape: readonly number[], dtype: "float32" | "float64"): Tensor =>
        tensor(Array.from(draw(name, shape)), shape, dtype).setRequiresGrad(true);
      const all = (dtype: "float32" | "float64"): number[][] =>
        scope(() => {
          const x = place("x", [2, 16, 9, 11, 10], dtype);
          const w = place("w", [16, 16, 3, 3, 3], dtype);
          const v = place("v", [16, 8, 2, 2, 2], dtype);
          const output = convTranspose3d(conv3d(x, w, window).sigmoid(), v, { stride: 2 });
          const found = gradients(output.pow(2).mean(undefined), [x, w, v]);
          return [output, ...found].map((one) => (one as Tensor).toNumbers());
        });
      const coarse = all("float32");
      for (const [index, fine] of all("float64").entries()) {
        const scale = Math.max(...fine.map(Math.abs));
        const off = fine.map((value, element) => Math.abs((coarse[index]?.[element] ?? NaN) - value));
        expect(Math.max(...off) / scale).toBeLessThan(1e-5);
      }
    });

    test("a module goes to the device and back, and its state through a file", () => {
      class Layer extends Module {
        readonly weight = new Parameter(full([2], 3));
        readonly mean = new Buffer(full([1], 7));
      }
      scope(() => {
        const layer = new Layer();
        layer.convert({ device: "cuda" });
        expect([layer.weight.tensor, layer.mean.tensor].map(({ device }) => device)).toEqual([DEVICE, DEVICE]);
        expect(layer.weight.tensor.requiresGrad).toBe(true);
        const file = encodeSafetensors(layer.state());
        const other = new Layer();
        other.convert({ device: "cuda" });
        withoutGradients(() => other.weight.tensor.copyInPlace(full([2], 5)));
        other.loadState(decodeSafetensors(file, "layer.safetensors"));
        other.convert({ device: "cpu" });
        expect(other.weight.tensor).toMatchObject({ device: "cpu" });
        expect(other.weight.tensor.toNumbers()).toEqual([3, 3]);
        layer.release();
        other.release();
      });
    });

    test("tensors of two devices are refused with libtorch's words", () => {
      scope(() => {
        expect(() => full([2], 1).add(full([2], 1, { device: "cuda" }))).toThrow(
          /^aten::add\.Tensor\(2 float32, 2 float32\): .*device/u,
        );
      });
    });
  });
}
