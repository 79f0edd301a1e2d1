import { RandomSource } from "@multirnet/base";
import { asMask, tensor, tensorFrom } from "@multirnet/engine";
import { createNetwork, encodeWeights, resolveNetwork, type Network } from "@multirnet/networks";
import { expect, test } from "vitest";

import { lossSchema } from "../config/loss.js";
import { Adam } from "../optimisers/adam.js";
import type { Batch } from "./batch.js";
import { NotFinite, trainingStep } from "./step.js";

const SHAPE = [2, 1, 16, 16, 16];
const VOXELS = 2 * 16 ** 3;
const random = new RandomSource("step");
const loss = lossSchema.parse({});

function made(
  given: object = {},
  { frozen = [], weightDecay = 0 }: { frozen?: readonly string[]; weightDecay?: number } = {},
): { network: Network; adam: Adam; step: (batch: () => Batch) => unknown } {
  const network = createNetwork(resolveNetwork({ name: "multirnet", preset: "tiny", norm: "group", ...given }), 1);
  const adam = new Adam(network.parameters(), { betas: [0.9, 0.999], epsilon: 1e-8, weightDecay });
  const options = { loss, learningRate: 1e-2, random, frozen: new Set(frozen) };
  return { network, adam, step: (batch) => trainingStep(network, adam, batch, options) };
}

const bump = (i: number): number => (i % 11) / 11;
const known = (): Batch => ({
  input: tensorFrom(
    Float32Array.from({ length: VOXELS }, (_, i) => bump(i)),
    SHAPE,
  ),
  truth: {
    mask: asMask(
      tensorFrom(
        Float32Array.from({ length: VOXELS }, (_, i) => Number(bump(i) > 0.8)),
        SHAPE,
      ),
    ),
    masked: [0, 1],
    disease: tensor([1, 0, 0, 0, 1, 0], [2, 3], "float32"),
    diagnosed: [0, 1],
  },
});
const withTruth = (truth: Partial<Batch["truth"]>): (() => Batch) => {
  return () => {
    const batch = known();
    return { ...batch, truth: { ...batch.truth, ...truth } };
  };
};
const noMask = { mask: undefined, masked: [] };
const noDiagnosis = { disease: undefined, diagnosed: [] };

test("what is frozen does not move, not by decay either, and the rest does", () => {
  const frozen = ["classifier.head.weight", "segmentation.first.last.convolution.weight"];
  const { network, step } = made({}, { frozen, weightDecay: 0.1 });
  const before = new Map([...network.parameters()].map(([name, weight]) => [name, weight.toNumbers()]));
  step(known);
  const still = [...network.parameters()].filter(([name, weight]) =>
    weight.toNumbers().every((w, i) => w === before.get(name)?.[i]),
  );
  expect(still.map(([name]) => name).sort()).toEqual(frozen);
});

test("a step says its losses and moves every weight", () => {
  const { network, adam, step } = made();
  const before = new Map([...network.parameters()].map(([name, weight]) => [name, weight.toNumbers()]));
  const losses = step(known) as { loss: number; segmentation: number; diagnosis: number };
  expect(losses.loss).toBeCloseTo(0.7 * losses.segmentation + 0.3 * losses.diagnosis, 5);
  expect(adam.steps).toBe(1);
  const still = [...network.parameters()].filter(([name, weight]) =>
    weight.toNumbers().every((w, i) => w === before.get(name)?.[i]),
  );
  expect(still.map(([name]) => name)).toEqual([]);
});

test("steps on one batch bring its loss down", () => {
  const { step } = made({ dropout: 0 });
  const losses = Array.from({ length: 8 }, () => (step(known) as { loss: number }).loss);
  expect(losses.at(-1)).toBeLessThan(0.9 * (losses[0] as number));
});

test("without a diagnosis the classifier does not move, without a mask the outline still learns from the diagnosis", () => {
  const moved = (truth: Partial<Batch["truth"]>): Set<string> => {
    const { network, step } = made();
    const before = new Map([...network.parameters()].map(([name, weight]) => [name, weight.toNumbers()]));
    step(withTruth(truth));
    const names = [...network.parameters()].filter(([name, weight]) =>
      weight.toNumbers().some((w, i) => w !== before.get(name)?.[i]),
    );
    return new Set(names.map(([name]) => name.split(".")[0] ?? ""));
  };
  expect(moved(noDiagnosis)).toEqual(new Set(["segmentation"]));
  expect(moved(noMask)).toEqual(new Set(["segmentation", "classifier"]));
});

test("a batch without any truth moves nothing", () => {
  const { network, adam, step } = made();
  const before = encodeWeights(network);
  expect(step(withTruth({ ...noMask, ...noDiagnosis }))).toBeUndefined();
  expect(encodeWeights(network)).toEqual(before);
  expect(adam.steps).toBe(0);
});

test.each([
  {
    what: "a weight",
    path: "segmentation.up.2.head.bias",
    norm: "group",
    layer: "weight segmentation.up.2.head.bias",
  },
  // The statistics of the norms behind it have gone wrong by then too; the weight is what to look at.
  {
    what: "a weight before norms with statistics",
    path: "segmentation.down.1.halve.unit.convolution.weight",
    norm: "batch",
    layer: "weight segmentation.down.1.halve.unit.convolution.weight",
  },
])("$what that is not a number is named, and nothing moves", ({ path, norm, layer }) => {
  const { network, adam, step } = made({ norm });
  const weight = network.parameters().get(path);
  if (weight === undefined) throw new Error(`no ${path} in ${[...network.parameters().keys()].join()}`);
  weight.detach().copyInPlace(tensorFrom(new Float32Array(weight.elements).fill(NaN), weight.shape));
  const before = [...network.parameters().values()].map((each) => each.toNumbers());
  const found = step(known);
  expect(found).toBeInstanceOf(NotFinite);
  expect((found as NotFinite).layer).toBe(layer);
  expect([...network.parameters().values()].map((each) => each.toNumbers())).toEqual(before);
  expect(adam.steps).toBe(0);
});

test("an input that is not a number shows first in the statistics of the norm that saw it, or else in a head", () => {
  const broken = (): Batch => ({ ...known(), input: tensorFrom(new Float32Array(VOXELS).fill(NaN), SHAPE) });
  expect(made({ norm: "batch" }).step(broken)).toMatchObject({
    layer: expect.stringMatching(/^statistic segmentation\.first\..*runningMean$/),
  });
  expect(made().step(broken)).toMatchObject({ layer: "head lesion" });
});
