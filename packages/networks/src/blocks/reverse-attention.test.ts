import { RandomSource } from "@multirnet/base";
import { asLogits, gradients, tensor, type Logits } from "@multirnet/engine";
import { expect, test } from "vitest";

import { EVALUATION } from "../testing/passes.js";
import { setToIdentity } from "../testing/weights.js";
import { ReverseAttention } from "./reverse-attention.js";

const style = { kernel: 5, norm: "batch", activation: "relu" } as const;
const THREE = Math.log(3); // σ = 3/4
const logits = (numbers: readonly number[], shape: readonly number[]): Logits => asLogits(tensor(numbers, shape));

/** Its two convolutions hand features on, so what comes out is what was faded. */
function fading(channels: number): ReverseAttention {
  const block = new ReverseAttention({ channels, style }, new RandomSource("attention"));
  setToIdentity(block);
  return block;
}

test("a voxel that the deeper level is three quarters sure of keeps a quarter, in every channel", () => {
  // Two samples of two channels on 2×2×2; the deeper level has one voxel a sample: sure to 3/4 in the first, to 1/4 in the second.
  const features = tensor(
    Array.from({ length: 32 }, (_, index) => index + 1),
    [2, 2, 2, 2, 2],
  );
  const found = fading(2).forward(features, logits([THREE, -THREE], [2, 1, 1, 1, 1]), EVALUATION);
  expect(found.shape).toEqual([2, 2, 2, 2, 2]);
  const kept = Array.from({ length: 32 }, (_, index) => (index + 1) * (index < 16 ? 1 / 4 : 3 / 4));
  expect(found.toNumbers()).toEqual(kept.map((value) => expect.closeTo(value, 4) as unknown));
});

test.each([
  { axis: "D", coarse: [2, 1, 1], fine: [4, 2, 2], stride: 4 },
  { axis: "H", coarse: [1, 2, 1], fine: [2, 4, 2], stride: 2 },
  { axis: "W", coarse: [1, 1, 2], fine: [2, 2, 4], stride: 1 },
])("logits are doubled along $axis with their outer voxels half a voxel inside, then squashed", (one) => {
  // 0 and 4 ln 3 become 0, ln 3, 3 ln 3, 4 ln 3 (no aligned corners): σ is 1/2, 3/4, 27/28, 81/82. To squash first would give other numbers.
  const coarse = logits([0, 4 * THREE], [1, 1, ...one.coarse]);
  const features = tensor(new Array<number>(16).fill(1), [1, 1, ...one.fine]);
  const found = fading(1).forward(features, coarse, EVALUATION).toNumbers();
  const along = [0, 1, 2, 3].map((step) => found[step * one.stride]);
  expect(along).toEqual([1 / 2, 1 / 4, 1 / 28, 1 / 82].map((value) => expect.closeTo(value, 5) as unknown));
});

test("several lesion types fade by their union", () => {
  const coarse = logits([0, THREE, -THREE], [1, 3, 1, 1, 1]);
  const features = tensor(new Array<number>(8).fill(64), [1, 1, 2, 2, 2]);
  const found = fading(1).forward(features, coarse, EVALUATION);
  expect(found.toNumbers()).toEqual(new Array<unknown>(8).fill(expect.closeTo(64 * (1 / 2) * (1 / 4) * (3 / 4), 4)));
});

test("what is faded is refined by two 3×3×3 convolutions with norm and activation, whatever the backbone's kernel", () => {
  const block = new ReverseAttention({ channels: 3, style: { ...style, activation: "prelu" } }, new RandomSource(0));
  const shapes = [...block.parameters()].map(([path, { shape }]) => `${path} ${shape.join("×")}`);
  expect(shapes).toEqual(
    [0, 1].flatMap((index) => [
      `refine.${String(index)}.unit.convolution.weight 3×3×3×3×3`,
      `refine.${String(index)}.unit.norm.weight 3`,
      `refine.${String(index)}.unit.norm.bias 3`,
      `refine.${String(index)}.activation.weight 3`,
    ]),
  );
});

test("its two convolutions start from draws of their own", () => {
  const state = new ReverseAttention({ channels: 2, style }, new RandomSource(0)).state();
  expect(state.get("refine.0.unit.convolution.weight")?.toNumbers()).not.toEqual(
    state.get("refine.1.unit.convolution.weight")?.toNumbers(),
  );
});

test("the deeper level learns from it: less of what was found when it would rather look at it", () => {
  const coarse = logits([THREE], [1, 1, 1, 1, 1]);
  coarse.setRequiresGrad(true);
  const features = tensor([1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 2, 2, 2]);
  const [gradient] = gradients(fading(1).forward(features, coarse, EVALUATION), [coarse]);
  expect(gradient?.item()).toBeCloseTo(-36 * (3 / 16), 3); // Σ features · -σ(1 - σ)
});
