import { RandomSource } from "@multirnet/base";
import { asLogits, gradients, tensor, type Logits, type Mask, type Tensor } from "@multirnet/engine";
import { expect, test } from "vitest";

import { worstGradient } from "../testing/gradient.js";
import { jointSettings } from "../testing/joint-settings.js";
import { logits, mask } from "../testing/loss-inputs.js";
import { crossEntropy } from "./cross-entropy.js";
import { segmentationLoss } from "./segmentation.js";

const SHAPE = [2, 2, 1, 2, 3];
const ELEMENTS = 24;

/** Every segmentation loss that a config can ask for. */
const losses = (
  ["dice", "squaredDice", "noiseRobustDice", "tversky", "focalTversky", "structure", "crossEntropy"] as const
).flatMap((segmentation) =>
  (["batch", "sample"] as const).flatMap((over) =>
    [0, 0.8].map((weight) => ({
      name: `${segmentation} over the ${over}${weight === 0 ? "" : ", with cross entropy of the voxels"}`,
      loss: (x: Logits, g: Mask): Tensor =>
        segmentationLoss(x, g, jointSettings({ segmentation, over, voxelCrossEntropy: weight, smooth: 0.1 })),
    })),
  ),
);

test.each(losses)("the gradient of $name is that of central differences", ({ name, loss }) => {
  const random = new RandomSource("gradients", name);
  const g = mask(
    Array.from({ length: ELEMENTS }, () => Number(random.chance(0.4))),
    SHAPE,
  );
  expect(worstGradient((x) => loss(asLogits(x), g), SHAPE, random)).toBeLessThan(1e-8);
});

test("the gradient of the diagnosis is that of central differences, with weights and smoothing too", () => {
  const target = tensor([0, 1, 0, 0, 0, 1], [2, 3], "float64");
  const weights = tensor([2, 1, 0.5], [3], "float64");
  for (const options of [{}, { smoothing: 0.2 }, { weights }, { weights, smoothing: 0.2 }]) {
    const random = new RandomSource("gradients of diagnoses");
    expect(worstGradient((x) => crossEntropy(asLogits(x), target, options), [2, 3], random)).toBeLessThan(1e-8);
  }
});

const truths = {
  "some lesion": Array.from({ length: ELEMENTS }, (_, i) => Number(i % 3 === 0)),
  "no lesion": new Array<number>(ELEMENTS).fill(0),
  "nothing but lesion": new Array<number>(ELEMENTS).fill(1),
};

test.each(losses)("$name and its gradient are finite however sure the answer is", ({ loss }) => {
  for (const truth of Object.values(truths)) {
    for (const size of [50, 1000]) {
      for (const sign of [1, -1]) {
        const values = truth.map((g) => sign * size * (g === 1 ? 1 : -1)); // all right, or all wrong
        const x = asLogits(logits(values, SHAPE, "float32").setRequiresGrad(true));
        const value = loss(x, mask(truth, SHAPE, "float32"));
        expect(Number.isFinite(value.item())).toBe(true);
        expect(sign === 1 ? value.item() < 1e-5 : value.item() > 0.9).toBe(true);
        const [gradient] = gradients(value, [x]);
        expect(gradient?.toNumbers().every(Number.isFinite)).toBe(true);
      }
    }
  }
});

test("a diagnosis and its gradient are finite however sure it is", () => {
  for (const size of [50, 1000]) {
    for (const sign of [1, -1]) {
      const x = logits([sign * size, -sign * size, 0], [1, 3], "float32").setRequiresGrad(true);
      const loss = crossEntropy(asLogits(x), tensor([1, 0, 0], [1, 3], "float32"), { smoothing: 0.1 });
      expect(Number.isFinite(loss.item())).toBe(true);
      expect(gradients(loss, [x])[0]?.toNumbers().every(Number.isFinite)).toBe(true);
    }
  }
});
