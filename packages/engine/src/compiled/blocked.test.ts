import { RandomSource } from "@multirnet/base";
import { describe, expect, test } from "vitest";

import { gradients } from "../autograd.js";
import { call, type Argument } from "../call.js";
import { tensorFrom } from "../create.js";
import {
  batchNorm,
  cat,
  conv2d,
  conv3d,
  convTranspose2d,
  convTranspose3d,
  groupNorm,
  instanceNorm,
  Tensor,
} from "../generated/tensor.js";
import { aboutEngine } from "../machine.js";
import { scope } from "../scope.js";

const { block } = aboutEngine();
const run = (op: string, ...args: Argument[]): Tensor => call(Tensor, `multirnet::${op}`, args)[0] as Tensor;
const blocked = (x: Tensor): Tensor => run("block", x);
const flat = (x: Tensor, channels: number): Tensor => run("flat", x, channels);
const number = (value: number): Tensor => tensorFrom(Float32Array.of(value), [1]);

interface Case {
  readonly says: string;
  readonly inputs: readonly (readonly number[])[];
  readonly fast: (...inputs: Tensor[]) => Tensor;
  readonly plain: (...inputs: Tensor[]) => Tensor; // the same by libtorch's operators, in any type
  readonly fixed?: readonly number[]; // inputs without a gradient
}

type Side = readonly number[];
const window = (
  stride: Side,
  padding: Side,
  dilation: Side,
  transposed = false,
  outside: Side = [0, 0, 0],
): Argument[] => [stride, padding, dilation, transposed, outside];

const convolutions: readonly Case[] = [
  {
    says: "3-D, channels that fill no block, unequal kernel, stride, padding and dilation",
    inputs: [[2, 5, 7, 9, 8], [19, 5, 3, 2, 1], [19]],
    fast: (x, weight, bias) =>
      flat(run("convolution", blocked(x), weight, bias, ...window([2, 1, 3], [1, 0, 2], [1, 3, 1])), 19),
    plain: (x, weight, bias) => conv3d(x, weight, { bias, stride: [2, 1, 3], padding: [1, 0, 2], dilation: [1, 3, 1] }),
  },
  {
    says: "3-D from one plain channel, no bias",
    inputs: [
      [1, 1, 5, 6, 20],
      [8, 1, 5, 5, 5],
    ],
    fast: (x, weight) => flat(run("convolution", x, weight, undefined, ...window([1, 1, 1], [2, 2, 2], [1, 1, 1])), 8),
    plain: (x, weight) => conv3d(x, weight, { padding: 2 }),
  },
  {
    says: "2-D from one plain channel, unequal stride, padding and dilation, with a bias",
    inputs: [[3, 1, 9, 11], [18, 1, 2, 7], [18]],
    fast: (x, weight, bias) =>
      flat(run("convolution", x, weight, bias, ...window([2, 1], [1, 4], [3, 2], false, [0, 0])), 18),
    plain: (x, weight, bias) => conv2d(x, weight, { bias, stride: [2, 1], padding: [1, 4], dilation: [3, 2] }),
  },
  {
    says: "3-D with a kernel larger than the volume, where oneDNN has no kernel for the weights' gradient",
    inputs: [[1, 20, 2, 3, 3], [17, 20, 5, 5, 5], [17]],
    fast: (x, weight, bias) =>
      flat(run("convolution", blocked(x), weight, bias, ...window([1, 1, 1], [2, 2, 2], [1, 1, 1])), 17),
    plain: (x, weight, bias) => conv3d(x, weight, { bias, padding: 2 }),
  },
  {
    says: "2-D with so large a dilation of so many channels that oneDNN 2.6 has no kernel for it",
    inputs: [[1, 128, 3, 44], [128, 128, 3, 3], [128]],
    fast: (x, weight, bias) =>
      flat(run("convolution", blocked(x), weight, bias, ...window([1, 1], [9, 9], [9, 9], false, [0, 0])), 128),
    plain: (x, weight, bias) => conv2d(x, weight, { bias, padding: 9, dilation: 9 }),
  },
  {
    says: "3-D onto one channel, full blocks before it",
    inputs: [[1, 32, 4, 5, 6], [1, 32, 3, 3, 3], [1]],
    fast: (x, weight, bias) =>
      flat(run("convolution", blocked(x), weight, bias, ...window([1, 1, 1], [1, 1, 1], [1, 1, 1])), 1),
    plain: (x, weight, bias) => conv3d(x, weight, { bias, padding: 1 }),
  },
  {
    says: "2-D, stride 2",
    inputs: [
      [2, 3, 11, 10],
      [20, 3, 7, 7],
    ],
    fast: (x, weight) =>
      flat(run("convolution", x, weight, undefined, ...window([2, 2], [3, 3], [1, 1], false, [0, 0])), 20),
    plain: (x, weight) => conv2d(x, weight, { stride: 2, padding: 3 }),
  },
  {
    says: "transposed, 3-D, kernel as its stride",
    inputs: [[2, 24, 3, 4, 2], [24, 7, 2, 2, 2], [7]],
    fast: (x, weight, bias) =>
      flat(run("convolution", blocked(x), weight, bias, ...window([2, 2, 2], [0, 0, 0], [1, 1, 1], true)), 7),
    plain: (x, weight, bias) => convTranspose3d(x, weight, { bias, stride: 2 }),
  },
  {
    says: "from half a block to more than one, stride 2",
    inputs: [[2, 7, 6, 9, 8], [19, 7, 3, 3, 3], [19]],
    fast: (x, weight, bias) =>
      flat(run("convolution", blocked(x), weight, bias, ...window([2, 2, 2], [1, 1, 1], [1, 1, 1])), 19),
    plain: (x, weight, bias) => conv3d(x, weight, { bias, stride: 2, padding: 1 }),
  },
  {
    says: "from more than one block to half a block, kernel 1",
    inputs: [[2, 19, 3, 4, 5], [6, 19, 1, 1, 1], [6]],
    fast: (x, weight, bias) =>
      flat(run("convolution", blocked(x), weight, bias, ...window([1, 1, 1], [0, 0, 0], [1, 1, 1])), 6),
    plain: (x, weight, bias) => conv3d(x, weight, { bias }),
  },
  {
    says: "half a block before and after, 2-D",
    inputs: [[2, 5, 6, 7], [8, 5, 3, 3], [8]],
    fast: (x, weight, bias) =>
      flat(run("convolution", blocked(x), weight, bias, ...window([1, 1], [1, 1], [1, 1], false, [0, 0])), 8),
    plain: (x, weight, bias) => conv2d(x, weight, { bias, padding: 1 }),
  },
  {
    says: "transposed onto half a block, kernel as its stride, gradients too",
    inputs: [[2, 16, 3, 4, 2], [16, 8, 2, 2, 2], [8]],
    fast: (x, weight, bias) =>
      flat(run("convolution", blocked(x), weight, bias, ...window([2, 2, 2], [0, 0, 0], [1, 1, 1], true)), 8),
    plain: (x, weight, bias) => convTranspose3d(x, weight, { bias, stride: 2 }),
  },
  {
    says: "transposed, 2-D, overlapping, with padding on both sides",
    inputs: [
      [1, 9, 5, 4],
      [9, 17, 3, 3],
    ],
    fast: (x, weight) =>
      flat(run("convolution", blocked(x), weight, undefined, ...window([2, 2], [1, 1], [1, 1], true, [1, 1])), 17),
    plain: (x, weight) => convTranspose2d(x, weight, { stride: 2, padding: 1, outputPadding: 1 }),
  },
];

const norms: readonly Case[] = [
  {
    says: "batch norm and ReLU",
    inputs: [[3, 19, 4, 5, 3], [19], [19]],
    fast: (x, weight, bias) =>
      flat(run("norm", blocked(x), weight, bias, undefined, number(0), undefined, undefined, true, 19, 0.1, 1e-5), 19),
    plain: (x, weight, bias) => batchNorm(x, weight, bias, undefined, undefined, true, 0.1, 1e-5).relu(),
  },
  {
    says: "batch norm over more than one chunk, a residual and PReLU",
    inputs: [[2, 6, 9, 31, 37], [6], [6], [2, 6, 9, 31, 37], [6]],
    fast: (x, weight, bias, residual, slope) =>
      flat(
        run("norm", blocked(x), weight, bias, blocked(residual), slope, undefined, undefined, true, 6, 0.1, 1e-5),
        6,
      ),
    plain: (x, weight, bias, residual, slope) =>
      batchNorm(x, weight, bias, undefined, undefined, true, 0.1, 1e-5).add(residual).prelu(slope),
  },
  {
    says: "instance norm, one channel added to all, one slope for all",
    inputs: [[2, 18, 5, 6], [18], [18], [2, 1, 5, 6], [1]],
    fast: (x, weight, bias, residual, slope) =>
      flat(run("norm", blocked(x), weight, bias, residual, slope, undefined, undefined, false, 18, 0, 1e-5), 18),
    plain: (x, weight, bias, residual, slope) =>
      instanceNorm(x, weight, bias, undefined, undefined, true, 0.1, 1e-5).add(residual).prelu(slope),
  },
  {
    says: "group norm alone",
    inputs: [[2, 24, 3, 4, 5], [24], [24]],
    fast: (x, weight, bias) =>
      flat(run("norm", blocked(x), weight, bias, undefined, number(1), undefined, undefined, false, 8, 0, 1e-5), 24),
    plain: (x, weight, bias) => groupNorm(x, 8, { weight, bias, eps: 1e-5 }),
  },
];

const others: readonly Case[] = [
  {
    says: "block and flat",
    inputs: [[2, 21, 3, 5, 4]],
    fast: (x) => flat(blocked(x), 21),
    plain: (x) => x.clone(),
  },
  {
    says: "projection onto two channels",
    inputs: [[2, 37, 4, 5, 6], [2, 37], [2]],
    fast: (x, weight, bias) => run("project", blocked(x), weight, bias),
    plain: (x, weight, bias) => conv3d(x, weight.reshape([2, 37, 1, 1, 1]), { bias }),
  },
  {
    says: "product with a map",
    inputs: [
      [2, 20, 3, 7, 5],
      [2, 1, 3, 7, 5],
    ],
    fast: (x, map) => flat(run("scale", blocked(x), map), 20),
    plain: (x, map) => x.mul(map),
  },
  {
    says: "joined channels that fill no block",
    inputs: [
      [2, 8, 3, 4],
      [2, 19, 3, 4],
      [2, 5, 3, 4],
    ],
    fast: (...all) => flat(run("join", all.map(blocked), [8, 19, 5]), 32),
    plain: (...all) => cat(all, { dim: 1 }),
  },
  {
    says: "joined halves of blocks, and what follows them",
    inputs: [
      [2, 8, 3, 4],
      [2, 3, 3, 4],
      [2, 16, 3, 4],
    ],
    fast: (...all) => flat(run("join", all.map(blocked), [8, 3, 16]), 27),
    plain: (...all) => cat(all, { dim: 1 }),
  },
  {
    says: "half a block of channels, of what fills more",
    inputs: [[2, 40, 3, 4]],
    fast: (x) => flat(run("take", blocked(x), 40, 13, 6), 6),
    plain: (x) => x.narrow(1, 13, 6),
  },
  {
    says: "trilinear on a map of one channel, each axis by another factor, one of them smaller",
    inputs: [[2, 1, 3, 8, 21]],
    fast: (x) => run("resize", x, [7, 5, 40], false),
    plain: (x) => x.upsampleTrilinear3d([7, 5, 40], false),
  },
  {
    says: "bilinear on a map of two channels, corners where they are",
    inputs: [[2, 2, 5, 19]],
    fast: (x) => run("resize", x, [9, 7], true),
    plain: (x) => x.upsampleBilinear2d([9, 7], true),
  },
  {
    says: "channels from the middle",
    inputs: [[2, 40, 3, 4]],
    fast: (x) => flat(run("take", blocked(x), 40, 13, 21), 21),
    plain: (x) => x.narrow(1, 13, 21),
  },
  {
    says: "the largest of overlapping windows",
    inputs: [[2, 19, 7, 9, 8]],
    fast: (x) => flat(run("pool", blocked(x), 19, [3, 3, 3], [2, 2, 2], [1, 1, 1], true, true), 19),
    plain: (x) => x.maxPool3d(3, { stride: 2, padding: 1 }),
  },
  {
    says: "trilinear, each axis by another factor, one of them smaller",
    inputs: [[2, 19, 3, 8, 5]],
    fast: (x) => flat(run("resize", blocked(x), [7, 5, 10], false), 19),
    plain: (x) => x.upsampleTrilinear3d([7, 5, 10], false),
  },
  {
    says: "bilinear with corners where they are",
    inputs: [[2, 19, 4, 7]],
    fast: (x) => flat(run("resize", blocked(x), [9, 1], true), 19),
    plain: (x) => x.upsampleBilinear2d([9, 1], true),
  },
  {
    says: "means, zeros that pad counting",
    inputs: [[2, 19, 8, 9]],
    fast: (x) => flat(run("pool", blocked(x), 19, [3, 2], [1, 2], [1, 0], false, true), 19),
    plain: (x) => x.avgPool2d([3, 2], { stride: [1, 2], padding: [1, 0] }),
  },
  {
    says: "means, zeros that pad not counting",
    inputs: [[2, 19, 8, 9]],
    fast: (x) => flat(run("pool", blocked(x), 19, [3, 3], [1, 2], [1, 1], false, false), 19),
    plain: (x) => x.avgPool2d(3, { stride: [1, 2], padding: 1, countIncludePad: false }),
  },
];

describe.skipIf(block === 0)("kernels for blocked activations", () => {
  test.each([...convolutions, ...norms, ...others])("$says: values and gradients are libtorch's", (one) => {
    scope(() => {
      const numbers = one.inputs.map((shape, place) => drawn(`${one.says} ${String(place)}`, shape));
      const differentiate = (f: (...inputs: Tensor[]) => Tensor, dtype: "float32" | "float64"): Float64Array[] => {
        const leaves = numbers.map((values, place) =>
          tensorFrom(Float32Array.from(values), one.inputs[place] ?? [])
            .toDtype(dtype)
            .detach()
            .setRequiresGrad(true),
        );
        const out = f(...leaves);
        const weights = tensorFrom(Float32Array.from(drawn("weights", out.shape)), out.shape).toDtype(dtype);
        const found = gradients(out.mul(weights), leaves);
        return [out, ...found].map((tensor) => Float64Array.from((tensor as Tensor).toArray() as Float64Array));
      };
      const exact = differentiate(one.plain, "float64");
      const plain = differentiate(one.plain, "float32");
      const fast = differentiate(one.fast, "float32");
      for (const [place, truth] of exact.entries()) {
        expect(fast[place]).toHaveLength(truth.length);
        const allowed = 2 * distance(plain[place] as Float64Array, truth) + 5e-7;
        expect(distance(fast[place] as Float64Array, truth)).toBeLessThan(allowed);
      }
    });
  });

  test("channels that fill up the last block are zero after every kernel", () => {
    scope(() => {
      const x = blocked(tensorFrom(Float32Array.from(drawn("x", [1, 3, 2, 4, 5])), [1, 3, 2, 4, 5]));
      const weight = tensorFrom(Float32Array.from(drawn("w", [5, 3, 1, 1, 1])), [5, 3, 1, 1, 1]);
      const ones = tensorFrom(new Float32Array(5).fill(1), [5]);
      const wide = run("convolution", x, weight, ones, ...window([1, 1, 1], [0, 0, 0], [1, 1, 1]));
      const normed = run("norm", wide, ones, ones, undefined, number(0.3), undefined, undefined, true, 5, 0.1, 1e-5);
      const moved = run("affine", normed, ones, ones, undefined, number(1));
      for (const [tensor, channels] of [
        [x, 3],
        [wide, 5],
        [normed, 5],
        [moved, 5],
        [run("join", [x, normed], [3, 5]), 8],
        [run("take", moved, 5, 1, 2), 2],
      ] as const) {
        const width = tensor.shape.at(-1) ?? 0;
        expect(width).toBe(8); // half a block with AVX-512, a whole one with AVX2
        if (channels === width) continue;
        expect(
          tensor
            .narrow(-1, channels, width - channels)
            .abs()
            .sum(undefined)
            .item(),
        ).toBe(0);
        expect(tensor.narrow(-1, 0, channels).abs().amax().item()).toBeGreaterThan(0);
      }
    });
  });

  test("running statistics move as libtorch's do", () => {
    scope(() => {
      const x = tensorFrom(Float32Array.from(drawn("x", [2, 5, 3, 4])), [2, 5, 3, 4]);
      const [weight, bias] = [tensorFrom(new Float32Array(5).fill(1), [5]), tensorFrom(new Float32Array(5), [5])];
      const moved = (step: (mean: Tensor, variance: Tensor) => void): number[] => {
        const mean = tensorFrom(Float32Array.of(1, 2, 3, 4, 5), [5]);
        const variance = tensorFrom(Float32Array.of(2, 2, 3, 3, 4), [5]);
        step(mean, variance);
        return [...mean.toNumbers(), ...variance.toNumbers()];
      };
      const plain = moved((mean, variance) => batchNorm(x, weight, bias, mean, variance, true, 0.3, 1e-5));
      const fast = moved((mean, variance) =>
        run("norm", blocked(x), weight, bias, undefined, number(1), mean, variance, true, 5, 0.3, 1e-5),
      );
      expect(fast).toEqual(plain.map((value) => expect.closeTo(value, 5) as unknown));
    });
  });

  test("a packed convolution adds a residual and bends what is negative", () => {
    scope(() => {
      const make = (name: string, shape: readonly number[]): Tensor =>
        tensorFrom(Float32Array.from(drawn(name, shape)), shape);
      const [x, weight, bias] = [make("x", [2, 6, 3, 5, 4]), make("w", [10, 6, 3, 3, 3]), make("b", [10])];
      const [residual, slopes] = [make("r", [2, 10, 3, 5, 4]), make("s", [10])];
      const shape = window([1, 1, 1], [1, 1, 1], [1, 1, 1]);
      const packed = run("pack", weight, x.shape, false, ...shape);
      const fast = (added?: Tensor, slope?: Tensor): number[] =>
        flat(
          run("convolution_packed", [blocked(x)], packed, weight.shape, bias, ...shape, added && blocked(added), slope),
          10,
        ).toNumbers();
      const plain = conv3d(x, weight, { bias, padding: 1 });
      const close = (tensor: Tensor): unknown[] =>
        tensor.toNumbers().map((value) => expect.closeTo(value, 4) as unknown);
      expect(fast()).toEqual(close(plain));
      expect(fast(undefined, number(0))).toEqual(close(plain.relu()));
      expect(fast(residual, number(0.2))).toEqual(close(plain.add(residual).leakyRelu({ negativeSlope: 0.2 })));
      expect(fast(residual, slopes)).toEqual(close(plain.add(residual).prelu(slopes)));
    });
  });

  test("a packed convolution that oneDNN 2.6 has no kernel for is libtorch's, finished like any other", () => {
    scope(() => {
      const make = (name: string, shape: readonly number[]): Tensor =>
        tensorFrom(Float32Array.from(drawn(name, shape)), shape);
      const [x, weight, bias] = [make("x", [1, 128, 3, 44]), make("w", [128, 128, 3, 3]), make("b", [128])];
      const [residual, slopes] = [make("r", [1, 128, 3, 44]), make("s", [128])];
      const shape = window([1, 1], [9, 9], [9, 9], false, [0, 0]);
      const packed = run("pack", weight, x.shape, false, ...shape);
      const fast = (added?: Tensor, slope?: Tensor): Tensor =>
        flat(
          run("convolution_packed", [blocked(x)], packed, weight.shape, bias, ...shape, added && blocked(added), slope),
          128,
        );
      const plain = conv2d(x, weight, { bias, padding: 9, dilation: 9 });
      const apart = (found: Tensor, expected: Tensor): number => found.sub(expected).abs().amax().item();
      expect(apart(fast(), plain)).toBeLessThan(1e-4);
      expect(apart(fast(residual, slopes), plain.add(residual).prelu(slopes))).toBeLessThan(1e-4);
    });
  });

  test.skipIf(block !== 16).each([
    { says: "3×3×3", x: [2, 17, 5, 18, 14], weight: [20, 17, 3, 3, 3], padding: [1, 1, 1] },
    { says: "5×5×5", x: [3, 9, 4, 18, 16], weight: [33, 9, 5, 5, 5], padding: [2, 2, 2] },
    { says: "1×3×3 without padding", x: [1, 64, 2, 30, 40], weight: [70, 64, 1, 3, 3], padding: [0, 0, 0] },
    { says: "3×3 onto half a block", x: [2, 40, 37, 30], weight: [8, 40, 3, 3], padding: [1, 1] },
    {
      says: "3×3×3 from half a block to half a block",
      x: [2, 8, 5, 17, 14],
      weight: [8, 8, 3, 3, 3],
      padding: [1, 1, 1],
    },
    {
      says: "3×3×3 to half a block, an odd depth",
      x: [1, 24, 7, 13, 18],
      weight: [8, 24, 3, 3, 3],
      padding: [2, 1, 1],
    },
    { says: "5×5×5 from half a block", x: [1, 8, 6, 18, 15], weight: [40, 8, 5, 5, 5], padding: [2, 2, 2] },
    { says: "5×5, more padding on one axis", x: [1, 16, 33, 40], weight: [48, 16, 5, 5], padding: [0, 3] },
  ])(
    "by fewer multiplications, a $says convolution and its gradients are within 1e-5 of their range",
    ({ x: size, weight: of, padding }) => {
      scope(() => {
        const make = (name: string, shape: readonly number[]): Tensor =>
          tensorFrom(Float32Array.from(drawn(name, shape)), shape);
        const [x, weight, bias] = [make("x", size), make("w", of), make("b", [of[0] ?? 0])];
        const one = padding.map(() => 1);
        const shape: Argument[] = [one, padding, one, false, padding.map(() => 0)];
        const packed = run("pack", weight, size, false, ...shape);
        expect(packed.shape).toHaveLength(2); // else it was packed for a direct convolution
        const convolve = padding.length === 3 ? conv3d : conv2d;
        const exact = convolve(x.toDtype("float64"), weight.toDtype("float64"), {
          bias: bias.toDtype("float64"),
          padding,
        });
        const residual = make("r", exact.shape);
        const slopes = make("s", [of[0] ?? 0]);
        const fast = (added?: Tensor, slope?: Tensor): Float64Array =>
          Float64Array.from(
            flat(
              run("convolution_packed", [blocked(x)], packed, of, bias, ...shape, added && blocked(added), slope),
              of[0] ?? 0,
            ).toArray() as Float32Array,
          );
        const truth = (tensor: Tensor): Float64Array => tensor.toArray() as Float64Array;
        expect(distance(fast(), truth(exact))).toBeLessThan(1e-5);
        expect(distance(fast(undefined, number(0)), truth(exact.relu()))).toBeLessThan(1e-5);
        const bent = exact.add(residual.toDtype("float64")).prelu(slopes.toDtype("float64"));
        expect(distance(fast(residual, slopes), truth(bent))).toBeLessThan(1e-5);

        // In training: the same, and the gradients of input, weight and bias.
        const pattern = drawn("pattern", exact.shape);
        const learned = (f: (...inputs: Tensor[]) => Tensor, dtype: "float32" | "float64"): Float64Array[] => {
          const leaves = [x, weight, bias].map((leaf) => leaf.toDtype(dtype).detach().clone().setRequiresGrad(true));
          const out = f(...leaves);
          const total = out.mul(tensorFrom(Float32Array.from(pattern), exact.shape).toDtype(dtype)).sum(undefined);
          return [out, ...gradients(total, leaves)].map((tensor) =>
            Float64Array.from((tensor as Tensor).toArray() as Float64Array),
          );
        };
        const convolved = (...[input, kernels, added]: Tensor[]): Tensor =>
          flat(run("convolution", blocked(input as Tensor), kernels, added, ...shape), of[0] ?? 0);
        const found = learned(convolved, "float32");
        const plainly = learned(
          (input, kernels, added) => convolve(input, kernels, { bias: added, padding }),
          "float64",
        );
        for (const [place, true_] of plainly.entries())
          expect(distance(found[place] as Float64Array, true_)).toBeLessThan(1e-5);
      });
    },
  );

  test.skipIf(block !== 16).each([
    { says: "3-D, 2×3×2, channels that fill no block", x: [2, 21, 3, 4, 7], weight: [21, 19, 2, 3, 2] },
    { says: "2-D, 2×2, more channels than a sum has at once", x: [1, 1040, 2, 3], weight: [1040, 16, 2, 2] },
  ])("pieces that lie apart, $says: packed and finished as libtorch would", ({ x: size, weight: of }) => {
    scope(() => {
      const make = (name: string, shape: readonly number[]): Tensor =>
        tensorFrom(Float32Array.from(drawn(name, shape)), shape);
      const to = of[1] ?? 0;
      const [x, weight, bias, slopes] = [make("x", size), make("w", of), make("b", [to]), make("s", [to])];
      const stride = of.slice(2);
      const zero = stride.map(() => 0);
      const shape = window(
        stride,
        zero,
        stride.map(() => 1),
        true,
        zero,
      );
      const packed = run("pack", weight, size, false, ...shape);
      expect(packed.shape).toHaveLength(3); // else it was packed for oneDNN
      const convolve = stride.length === 3 ? convTranspose3d : convTranspose2d;
      const plain = convolve(x, weight, { bias, stride });
      const residual = make("r", plain.shape);
      const fast = (added?: Tensor, slope?: Tensor): Tensor =>
        flat(run("convolution_packed", [blocked(x)], packed, of, bias, ...shape, added && blocked(added), slope), to);
      const apart = (found: Tensor, expected: Tensor): number =>
        found.sub(expected).abs().amax().item() / expected.abs().amax().item();
      expect(apart(fast(), plain)).toBeLessThan(2e-6);
      expect(apart(fast(residual, slopes), plain.add(residual).prelu(slopes))).toBeLessThan(2e-6);
    });
  });

  test.skipIf(block !== 16)(
    "several inputs of full blocks are convolved as if they were joined; others are refused",
    () => {
      scope(() => {
        const make = (channels: number): Tensor =>
          tensorFrom(Float32Array.from(drawn(`x ${String(channels)}`, [2, channels, 4, 18, 17])), [
            2,
            channels,
            4,
            18,
            17,
          ]);
        const weightOf = (shape: readonly number[]): Tensor => tensorFrom(Float32Array.from(drawn("w", shape)), shape);
        const convolve = (to: number, ...inputs: Tensor[]): number[] => {
          const weight = weightOf([to, 48, 3, 3, 3]);
          const shape = window([1, 1, 1], [1, 1, 1], [1, 1, 1]);
          const packed = run("pack", weight, [2, 48, 4, 18, 17], false, ...shape);
          const found = run(
            "convolution_packed",
            inputs.map(blocked),
            packed,
            weight.shape,
            weightOf([to]),
            ...shape,
            undefined,
            undefined,
          );
          return flat(found, to).toNumbers();
        };
        // Whole blocks, halves that make a block, and halves that make one with the next input's.
        for (const channels of [
          [16, 32],
          [8, 8, 32],
          [8, 32, 8],
        ]) {
          const parts = channels.map(make);
          for (const to of [8, 24]) expect(convolve(to, ...parts)).toEqual(convolve(to, cat(parts, { dim: 1 })));
        }
        expect(() => convolve(24, make(16))).toThrow(/expected 48 channels, but 16 came/);
        expect(() => convolve(24, make(16), make(32).narrow(3, 0, 17))).toThrow(
          /expected contiguous blocked tensors of one size/,
        );
        expect(() => convolve(24, make(20), make(28))).toThrow(/expected 48 channels, but 64 came/);
      });
    },
  );

  test.each([
    {
      says: "a weight for other channels",
      of: [4, 20, 3, 3, 3],
      reason: /expected \d blocks of \d+ channels, but 1 of 8 came/,
    },
    { says: "a weight of another rank", of: [4, 6, 3, 3], reason: /as many axes/ },
    { says: "a kernel that does not fit", of: [4, 6, 9, 3, 3], reason: /does not fit a side of 3/ },
  ])("$says is refused", ({ of, reason }) => {
    scope(() => {
      const x = blocked(tensorFrom(new Float32Array(6 * 60), [1, 6, 3, 4, 5]));
      const weight = tensorFrom(new Float32Array(of.reduce((a, b) => a * b)), of);
      expect(() => run("convolution", x, weight, undefined, ...window([1, 1, 1], [0, 0, 0], [1, 1, 1]))).toThrow(
        reason,
      );
    });
  });
});

/** Numbers in [-1, 1) by name. */
function drawn(name: string, shape: readonly number[]): Float64Array {
  const random = new RandomSource(name);
  return Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => Math.fround(2 * random.uniform() - 1));
}

/** The largest difference, as a share of the largest number. */
function distance(found: Float64Array, truth: Float64Array): number {
  const most = truth.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  return truth.reduce((worst, value, place) => Math.max(worst, Math.abs(value - (found[place] ?? NaN))), 0) / most;
}
