import { asLogits, asMask, gradients, tensor, type Logits, type Tensor } from "@multirnet/engine";
import { createNetwork, namedHeads, resolveNetwork, type Auxiliary, type Prediction } from "@multirnet/networks";
import { RandomSource } from "@multirnet/base";
import { expect, test } from "vitest";

import { jointSettings } from "../testing/joint-settings.js";
import { logits, logitsOf, mask } from "../testing/loss-inputs.js";
import { jointLoss, type JointSettings, type Truth } from "./joint.js";

const MAP = [2, 1, 1, 2, 2];
const settings = (given: object = {}): JointSettings =>
  jointSettings({ segmentation: "dice", smooth: 1e-9, lambda: 0.3, ...given });

// Dice of both samples: hits 0.5 + 0.25 of Σp = 2.75 and Σg = 2, so 1 − 1.5/4.75; of the second alone 1 − 0.5/(1.25 + 1).
const map = logitsOf([0.5, 0.5, 0.25, 0.25, 0.5, 0.25, 0.25, 0.25], MAP);
const truthMap = [1, 0, 0, 0, 0, 1, 0, 0];
const SEGMENTATION = 1 - 1.5 / 4.75;
const SECOND_ALONE = 1 - 0.5 / 2.25;

// Class 1 of probabilities ½, ⅓, ⅙, then class 0 of ½, ¼, ¼.
const disease = logits([Math.log(3), Math.log(2), Math.log(1), Math.log(2), Math.log(1), Math.log(1)], [2, 3]);
const DIAGNOSIS = (Math.log(3) + Math.log(2)) / 2;

const known: Truth = {
  mask: mask(truthMap, MAP),
  masked: [0, 1],
  disease: tensor([0, 1, 0, 1, 0, 0], [2, 3], "float64"),
  diagnosed: [0, 1],
};
const noMask = { mask: undefined, masked: [] };
const noDiagnosis = { disease: undefined, diagnosed: [] };
const joint: Prediction = { task: "joint", lesion: map, disease, auxiliary: [] };

const totalOf = (prediction: Prediction, truth: Truth, given: object = {}): number | undefined =>
  jointLoss(prediction, truth, settings(given))?.total.item();

test("λ is the share of the diagnosis", () => {
  for (const lambda of [0, 0.3, 1]) {
    expect(totalOf(joint, known, { lambda })).toBeCloseTo((1 - lambda) * SEGMENTATION + lambda * DIAGNOSIS, 8);
  }
  const parts = jointLoss(joint, known, settings());
  expect(parts?.segmentation?.item()).toBeCloseTo(SEGMENTATION, 8);
  expect(parts?.diagnosis?.item()).toBeCloseTo(DIAGNOSIS, 8);
});

test("a batch with masks alone, or diagnoses alone, has that part alone, and no more of it than before", () => {
  const masksAlone = jointLoss(joint, { ...known, ...noDiagnosis }, settings());
  expect(masksAlone?.total.item()).toBeCloseTo(0.7 * SEGMENTATION, 8);
  expect(masksAlone?.diagnosis).toBeUndefined();
  const diagnosesAlone = jointLoss(joint, { ...known, ...noMask }, settings());
  expect(diagnosesAlone?.total.item()).toBeCloseTo(0.3 * DIAGNOSIS, 8);
  expect(diagnosesAlone?.segmentation).toBeUndefined();
});

test("a sample without a mask adds nothing to the outline, one without a diagnosis nothing to the diagnosis", () => {
  const secondMask = asMask(mask(truthMap.slice(4), [1, 1, 1, 2, 2]));
  const firstDisease = tensor([0, 1, 0], [1, 3], "float64");
  const parts = jointLoss(joint, { mask: secondMask, masked: [1], disease: firstDisease, diagnosed: [0] }, settings());
  expect(parts?.segmentation?.item()).toBeCloseTo(SECOND_ALONE, 8);
  expect(parts?.diagnosis?.item()).toBeCloseTo(Math.log(3), 8);
  expect(parts?.total.item()).toBeCloseTo(0.7 * SECOND_ALONE + 0.3 * Math.log(3), 8);
});

test("no gradient reaches the map of a sample without a mask", () => {
  const x = asLogits(logits([0.1, 0.2, -0.3, 0.4, 0.5, -0.6, 0.7, 0.8], MAP).setRequiresGrad(true));
  const truth = { ...noDiagnosis, mask: asMask(mask(truthMap.slice(4), [1, 1, 1, 2, 2])), masked: [1] };
  const total = jointLoss({ ...joint, lesion: x }, truth, settings())?.total as Tensor;
  const [gradient] = gradients(total, [x]);
  expect(gradient?.toNumbers().map((value) => value !== 0)).toEqual([
    ...[false, false, false, false],
    ...[true, true, true, true],
  ]);
});

test("where nothing is known that the network could learn from, there is no loss", () => {
  const nothing = { ...noMask, ...noDiagnosis };
  expect(totalOf(joint, nothing)).toBeUndefined();
  expect(totalOf({ task: "segmentation", lesion: map, auxiliary: [] }, { ...known, ...noMask })).toBeUndefined();
  expect(totalOf({ task: "diagnosis", disease, auxiliary: [] }, { ...known, ...noDiagnosis })).toBeUndefined();
});

test("a network with one task has its own loss, whatever λ is", () => {
  const options = { lambda: 0.9 };
  expect(totalOf({ task: "segmentation", lesion: map, auxiliary: [] }, known, options)).toBeCloseTo(SEGMENTATION, 8);
  expect(totalOf({ task: "diagnosis", disease, auxiliary: [] }, known, options)).toBeCloseTo(DIAGNOSIS, 8);
});

const heads = (pass: string, lesion: Logits, diseaseLogits: Logits): Auxiliary[] => [
  { name: `${pass}.lesion`, of: "lesion", role: "pass", logits: lesion },
  { name: `${pass}.disease`, of: "disease", role: "pass", logits: diseaseLogits },
];

test("the passes of iterative learning count the same", () => {
  const even = logitsOf(new Array<number>(8).fill(0.5), MAP); // Dice: 1 − 2·1/(4 + 2)
  const thirds = logits([0, 0, 0, 0, 0, 0], [2, 3]);
  const prediction: Prediction = {
    ...joint,
    auxiliary: [...heads("pass0", even, thirds), ...heads("pass1", map, disease)],
  };
  const parts = jointLoss(prediction, known, settings());
  expect(parts?.segmentation?.item()).toBeCloseTo((2 / 3 + 2 * SEGMENTATION) / 3, 8);
  expect(parts?.diagnosis?.item()).toBeCloseTo((Math.log(3) + 2 * DIAGNOSIS) / 3, 8);
});

// Each level's loss at full size: a constant map stays one when it is made larger.
const level = (name: string, probability: number, size: readonly number[]): Auxiliary => {
  const shape = [2, 1, ...size];
  const count = shape.reduce((a, b) => a * b, 1);
  const constant = logitsOf(new Array<number>(count).fill(probability), shape);
  return { name, of: "lesion", role: "level", logits: constant };
};
const diceOf = (probability: number): number => 1 - (2 * 2 * probability) / (8 * probability + 2);

test("without weights of deep supervision the levels are not looked at", () => {
  expect(totalOf({ ...joint, auxiliary: [level("level0", 0.2, [1, 2, 2])] }, known)).toBeCloseTo(
    totalOf(joint, known) as number,
    12,
  );
});

test("deep supervision weighs each level at full size, and the weights sum to 1", () => {
  const auxiliary = [level("level0", 0.2, [1, 2, 2]), level("level1", 0.8, [1, 1, 1]), level("level2", 0.6, [1, 1, 1])];
  const parts = jointLoss({ ...joint, auxiliary }, known, settings({ deepSupervision: [0.5, 0.25] }));
  const expected = (SEGMENTATION + 0.5 * diceOf(0.2) + 0.25 * diceOf(0.8)) / 1.75;
  expect(parts?.segmentation?.item()).toBeCloseTo(expected, 8);
});

test("the levels of a pass belong to that pass", () => {
  const [lesion, diagnosis] = heads("pass0", map, disease) as [Auxiliary, Auxiliary];
  const auxiliary = [level("pass0.level0", 0.2, [1, 1, 1]), lesion, diagnosis, level("level0", 0.8, [1, 1, 1])];
  const parts = jointLoss({ ...joint, auxiliary }, known, settings({ deepSupervision: [1] }));
  const first = (SEGMENTATION + diceOf(0.2)) / 2;
  const last = (SEGMENTATION + diceOf(0.8)) / 2;
  expect(parts?.segmentation?.item()).toBeCloseTo((first + last) / 2, 8);
});

test("the heads that a real network names are the ones that the loss looks for", () => {
  const spec = resolveNetwork({ name: "multirnet", preset: "tiny", passes: 1 });
  const network = createNetwork(spec, 0);
  const shape = [2, 1, 16, 16, 32];
  const input = tensor(
    Array.from({ length: 16384 }, (_, i) => (i % 7) / 7),
    shape,
    "float32",
  );
  const prediction = network.forward(input, { mode: "train", random: new RandomSource(0) });
  const levels = ["level0", "level1", "level2", "level3"];
  expect([...namedHeads(prediction).keys()].sort()).toEqual(
    [
      ...["lesion", "disease", "auxiliary.pass0.lesion", "auxiliary.pass0.disease"],
      ...levels.flatMap((name) => [`auxiliary.${name}`, `auxiliary.pass0.${name}`]),
    ].sort(),
  );
  // With all weights on, every head has a gradient: none was passed over.
  const truth: Truth = {
    mask: mask(
      Array.from({ length: 16384 }, (_, i) => Number(i % 5 === 0)),
      shape,
      "float32",
    ),
    masked: [0, 1],
    disease: tensor([1, 0, 0, 0, 1, 0], [2, 3], "float32"),
    diagnosed: [0, 1],
  };
  const total = jointLoss(prediction, truth, settings({ deepSupervision: [1, 1, 1, 1] }))?.total as Tensor;
  const named = [...namedHeads(prediction)];
  const found = gradients(
    total,
    named.map(([, head]) => head),
  );
  expect(named.filter((_, index) => found[index] === undefined).map(([name]) => name)).toEqual([]);
  network.release();
});

test("an edge head counts by its weight, beside the outline, where it has one", () => {
  const edge: Auxiliary = {
    name: "edge",
    of: "edge",
    role: "level",
    logits: logits(new Array<number>(8).fill(0), MAP),
  };
  const prediction: Prediction = { ...joint, auxiliary: [edge] };
  const segmentationOf = (given: object): number | undefined =>
    jointLoss(prediction, known, settings(given))?.segmentation?.item();
  expect(segmentationOf({})).toBeCloseTo(SEGMENTATION, 8);
  expect(segmentationOf({ edge: 0.25 })).toBeCloseTo(SEGMENTATION + 0.25 * Math.LN2, 8);
  expect(segmentationOf({ edge: 0.25, deepSupervision: [1] })).toBeCloseTo(SEGMENTATION + 0.25 * Math.LN2, 8);
});

test("classes weigh in the diagnosis as they are given", () => {
  // Of class 1 with weight 3 and class 0 with weight 1, the mean of both: (3 · ln 3 + 1 · ln 2) / 2.
  const parts = jointLoss(joint, known, { ...settings(), classWeights: [1, 3, 7] });
  expect(parts?.diagnosis?.item()).toBeCloseTo((3 * Math.log(3) + Math.log(2)) / 2, 8);
});
