import { RandomSource } from "@multirnet/base";
import { asMask, tensor, tensorFrom, type Mask } from "@multirnet/engine";
import { compiled, createNetwork, encodeWeights, resolveNetwork, type Network } from "@multirnet/networks";
import { expect, test } from "vitest";

import { Adam } from "../optimisers/adam.js";
import { jointSettings } from "../testing/joint-settings.js";
import type { Batch } from "./batch.js";
import { NotFinite, trainingStep } from "./step.js";

const SHAPE = [2, 1, 16, 16, 16];
const VOXELS = 2 * 16 ** 3;
const random = new RandomSource("step");
const loss = jointSettings();

function made(
  given: object = {},
  {
    frozen = [],
    weightDecay = 0,
    clipNorm,
  }: { frozen?: readonly string[]; weightDecay?: number; clipNorm?: number } = {},
): { network: Network; adam: Adam; step: (...batches: (() => Batch)[]) => unknown } {
  const network = createNetwork(resolveNetwork({ name: "multirnet", preset: "tiny", norm: "group", ...given }), 1);
  const adam = new Adam(network.parameters(), { betas: [0.9, 0.999], epsilon: 1e-8, weightDecay });
  const options = { loss, learningRate: 1e-2, clipNorm, random, frozen: new Set(frozen) };
  return { network, adam, step: (...batches) => trainingStep(network, adam, batches, options) };
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

test("an input that is not a number is told as such, and what overflows by operator and part of the network", () => {
  const broken = (): Batch => ({ ...known(), input: tensorFrom(new Float32Array(VOXELS).fill(NaN), SHAPE) });
  expect(made().step(broken)).toMatchObject({ layer: "the input" });
  const { network, step } = made();
  for (const [path, weight] of network.parameters())
    if (path.startsWith("segmentation.down.1.")) weight.detach().copyInPlace(weight.mul(1e30).detach());
  expect(step(known)).toMatchObject({ layer: expect.stringMatching(/^the output of \S+ in down\.1$/) });
});

/** One sample of the two. */
const sample = (index: 0 | 1) => (): Batch => {
  const { input, truth } = known();
  return {
    input: input.narrow(0, index, 1),
    truth: {
      mask: asMask((truth.mask as Mask).narrow(0, index, 1)),
      masked: [0],
      disease: truth.disease?.narrow(0, index, 1),
      diagnosed: [0],
    },
  };
};

/** What Adam remembers after one step is a tenth of its gradient. */
const gradientOf = ({ adam }: { readonly adam: Adam }): number[] =>
  [...adam.state()].flatMap(([name, tensor]) => (name.startsWith("mean.") ? tensor.toNumbers() : []));

test("gradients of batches are averaged, and so are their losses", () => {
  const given = { dropout: 0 };
  const [first, second, both] = [made(given), made(given), made(given)];
  const losses = [first.step(sample(0)), second.step(sample(1)), both.step(sample(0), sample(1))] as { loss: number }[];
  expect(losses[2]?.loss).toBeCloseTo(((losses[0]?.loss ?? 0) + (losses[1]?.loss ?? 0)) / 2, 6);
  const [a, b, mean] = [first, second, both].map(gradientOf) as [number[], number[], number[]];
  const largest = Math.max(...mean.map(Math.abs));
  for (const [i, value] of mean.entries())
    expect(Math.abs(value - ((a[i] as number) + (b[i] as number)) / 2)).toBeLessThan(1e-5 * largest);
});

test("a batch without truth among others counts as one that asks for nothing", () => {
  const [alone, among] = [made({ dropout: 0 }), made({ dropout: 0 })];
  const loss = alone.step(sample(0));
  expect(among.step(sample(0), withTruth({ ...noMask, ...noDiagnosis }))).toEqual(loss);
  const [whole, half] = [gradientOf(alone), gradientOf(among)];
  for (const [i, value] of whole.entries()) expect(half[i]).toBeCloseTo(value / 2, 9);
});

test("gradients that are too long together are shortened, in their direction", () => {
  const [free, clipped] = [made({ dropout: 0 }), made({ dropout: 0 }, { clipNorm: 0.01 })];
  free.step(known);
  clipped.step(known);
  const [whole, short] = [gradientOf(free), gradientOf(clipped)];
  const length = (values: readonly number[]): number => 10 * Math.hypot(...values);
  expect(length(whole)).toBeGreaterThan(0.01);
  expect(length(short)).toBeCloseTo(0.01, 6);
  const factor = length(short) / length(whole);
  for (const [i, value] of whole.entries()) expect(short[i]).toBeCloseTo(factor * value, 8);
});

test("in stretches a step has the same losses and, to rounding, the same gradients", () => {
  const options = { loss: jointSettings(), learningRate: 1e-2, random, frozen: new Set<string>() };
  const stepped = (stretches: number): { losses: unknown; gradient: number[]; state: number[] } => {
    const network = compiled(createNetwork(resolveNetwork({ name: "multirnet", preset: "tiny", norm: "batch" }), 1));
    const adam = new Adam(network.parameters(), { betas: [0.9, 0.999], epsilon: 1e-8, weightDecay: 0 });
    const losses = trainingStep(network, adam, [known], { ...options, stretches });
    const statistics = [...network.state()].flatMap(([name, tensor]) =>
      name.includes("running") ? tensor.toNumbers() : [],
    );
    return { losses, gradient: gradientOf({ adam }), state: statistics };
  };
  const [whole, parts] = [stepped(1), stepped(4)];
  expect(parts.losses).toEqual(whole.losses);
  expect(parts.state).toEqual(whole.state);
  const largest = whole.gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  for (const [i, value] of whole.gradient.entries())
    expect(Math.abs((parts.gradient[i] as number) - value)).toBeLessThan(1e-5 * largest);
});
