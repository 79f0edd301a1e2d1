import { RandomSource } from "@multirnet/base";
import { tensor } from "@multirnet/engine";
import { expect, test } from "vitest";

import { noise } from "../testing/formula.js";
import { EVALUATION, training } from "../testing/passes.js";
import { setToIdentity, setWeights } from "../testing/weights.js";
import { globalAverage } from "../layers/pooling.js";
import { ResidualClassifier } from "./residual-classifier.js";

const style = { kernel: 3, norm: "batch", activation: "relu" } as const;
const init = new RandomSource("classifier");

test("two modules, pooling and the linear layer, by hand", () => {
  const classifier = new ResidualClassifier(
    { widths: [1, 2], strides: [1, 2], pooledElsewhere: 1, classes: 2, dropout: 0, style },
    init,
  );
  setToIdentity(classifier);
  const middle = Array.from({ length: 27 }, (_, place) => (place === 13 ? 1 : 0));
  setWeights(classifier, {
    "modules.1.unit.unit.convolution.weight": [...middle, ...middle.map((value) => 2 * value)],
    "modules.1.shortcut.weight": [1, -1],
    "modules.1.shortcut.bias": [0, 10],
    "head.weight": [1, 0, 0, 1, 2, 3],
    "head.bias": [0.5, -1],
  });
  // 2×2×4 voxels; of stride 2 only the first and third of the first row are looked at.
  const x = tensor([3, 99, -1, 99, ...new Array<number>(12).fill(99)], [1, 1, 2, 2, 4]);
  // Module 0, without a shortcut of its own: relu(x) + x is 6 and -1.
  // Module 1: relu(6), relu(-1) + (6, -1) is 12, -1; relu(12), relu(-2) + (-6 + 10, 1 + 10) is 16, 11. Means 5.5 and 13.5.
  const found = classifier.forward(x, tensor([2], [1, 1]), EVALUATION);
  expect(found.shape).toEqual([1, 2]);
  // 5.5 + 0.5 and 5.5 + 2 · 13.5 + 3 · 2 - 1
  expect(found.toNumbers()).toEqual([expect.closeTo(6, 4), expect.closeTo(37.5, 4)]);
});

test("a module has a shortcut where width or stride changes, and nowhere else", () => {
  const { modules } = new ResidualClassifier(
    { widths: [1, 3, 3, 3], strides: [1, 1, 2, 1], pooledElsewhere: 0, classes: 2, dropout: 0, style },
    init,
  );
  const shapes = modules.map(({ shortcut }) => shortcut?.weight.tensor.shape.join("×"));
  expect(shapes).toEqual([undefined, "3×1×1×1×1", "3×3×1×1×1", undefined]);
  expect(modules[1]?.shortcut?.bias?.tensor.shape).toEqual([3]);
});

test("without features from elsewhere the linear layer sees its own alone", () => {
  const classifier = new ResidualClassifier(
    { widths: [2, 5], strides: [1, 2], pooledElsewhere: 0, classes: 4, dropout: 0, style },
    init,
  );
  expect(classifier.head.weight.tensor.shape).toEqual([4, 5]);
  expect(classifier.forward(noise("x", [3, 1, 2, 4, 6]), undefined, EVALUATION).shape).toEqual([3, 4]);
});

test("dropout stands before the linear layer: with a rate near 1 and a dropped feature, its bias alone is left", () => {
  const classifier = new ResidualClassifier(
    { widths: [1], strides: [1], pooledElsewhere: 1, classes: 2, dropout: 0.999, style },
    init,
  );
  setWeights(classifier, { "head.bias": [3, -4] });
  const forward = (pass: typeof EVALUATION): number[] =>
    classifier.forward(noise("x", [1, 1, 2, 2, 2]), tensor([5], [1, 1]), pass).toNumbers();
  expect(forward(training(0))).toEqual([3, -4]);
  expect(forward(EVALUATION)).not.toEqual([3, -4]);
});

test("the global average is over space, for each sample and channel", () => {
  const x = tensor([1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60], [2, 1, 1, 2, 3]);
  const found = globalAverage(x);
  expect(found.shape).toEqual([2, 1]);
  expect(found.toNumbers()).toEqual([3.5, 35]);
});
