import { tensor } from "@multirnet/engine";
import { expect, test } from "vitest";

import { logits, logitsOf, mask } from "../testing/loss-inputs.js";
import { crossEntropy, voxelCrossEntropy } from "./cross-entropy.js";

// Probabilities 1/8, 2/8, 5/8 of the first sample, thirds of the second.
const twoSamples = logits([Math.log(1), Math.log(2), Math.log(5), 7, 7, 7], [2, 3]);
const classes = tensor([0, 0, 1, 1, 0, 0], [2, 3], "float64"); // the third, the first
const { log } = Math;

test("cross entropy is the mean of −log p of the samples' classes", () => {
  expect(crossEntropy(twoSamples, classes).item()).toBeCloseTo((log(8 / 5) + log(3)) / 2, 12);
});

test("weights of classes weigh samples; a sample alone too, and a class of weight 0 costs nothing", () => {
  const weights = tensor([2, 1, 0.5], [3], "float64");
  expect(crossEntropy(twoSamples, classes, { weights }).item()).toBeCloseTo((0.5 * log(8 / 5) + 2 * log(3)) / 2, 12);
  const alone = (weight: number): number =>
    crossEntropy(logits([7, 7, 7], [1, 3]), tensor([1, 0, 0], [1, 3], "float64"), {
      weights: tensor([weight, 1, 1], [3], "float64"),
    }).item();
  expect(alone(4)).toBeCloseTo(4 * log(3), 12);
  expect(alone(0)).toBeCloseTo(0, 12);
});

test("smoothing spreads a share of the target evenly over all classes", () => {
  // Targets 0.1, 0.1, 0.8 of the first; any target of the second costs log 3.
  const first = 0.1 * log(8) + 0.1 * log(4) + 0.8 * log(8 / 5);
  expect(crossEntropy(twoSamples, classes, { smoothing: 0.3 }).item()).toBeCloseTo((first + log(3)) / 2, 12);
});

test("cross entropy of voxels is the mean of −log of what the truth has", () => {
  const shape = [2, 1, 1, 1, 2];
  const loss = voxelCrossEntropy(logitsOf([0.75, 0.2, 0.5, 0.9], shape), mask([1, 0, 1, 0], shape));
  expect(loss.item()).toBeCloseTo((log(4 / 3) + log(5 / 4) + log(2) + log(10)) / 4, 12);
});

test("turning a voxel's answer and its truth around changes nothing", () => {
  const x = [-3, -0.2, 0.4, 2, 5];
  const g = [0, 1, 0, 1, 1];
  const shape = [1, 1, 1, 1, 5];
  const turned = voxelCrossEntropy(
    logits(
      x.map((value) => -value),
      shape,
    ),
    mask(
      g.map((value) => 1 - value),
      shape,
    ),
  );
  expect(voxelCrossEntropy(logits(x, shape), mask(g, shape)).item()).toBeCloseTo(turned.item(), 12);
});
