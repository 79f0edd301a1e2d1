import { RandomSource } from "@multirnet/base";
import { withoutGradients, type Tensor } from "@multirnet/engine";
import { expect, test } from "vitest";

import { Ensemble } from "./ensemble.js";
import { Flipped } from "./flipped.js";
import { diseaseOf, lesionOf, type Network, type Prediction } from "./network.js";
import { createNetwork, resolveNetwork } from "./registry.js";
import { noise } from "./testing/formula.js";
import { encodeWeights, loadWeights } from "./weights.js";

const pass = { mode: "eval", random: new RandomSource(0) } as const;
const made = (seed: number, given: object = {}): Network =>
  createNetwork(resolveNetwork({ name: "multirnet", preset: "tiny", ...given }), seed);
const input = (): Tensor => noise("scan", [2, 1, 16, 16, 32]);
const see = (network: Network, x: Tensor): Prediction => withoutGradients(() => network.forward(x, pass));

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const softmax = (row: readonly number[]): number[] => {
  const powers = row.map(Math.exp);
  return powers.map((power) => power / powers.reduce((a, b) => a + b, 0));
};
const lesions = (prediction: Prediction): number[] => (lesionOf(prediction)?.toNumbers() ?? []).map(sigmoid);
const diseases = (prediction: Prediction): number[] => {
  const logits = diseaseOf(prediction)?.toNumbers() ?? [];
  return [logits.slice(0, 3), logits.slice(3)].flatMap(softmax);
};
const mean = (lists: readonly (readonly number[])[]): number[] =>
  (lists[0] ?? []).map((_, i) => lists.reduce((sum, list) => sum + (list[i] ?? NaN), 0) / lists.length);
function expectClose(found: readonly number[], expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length);
  expect(Math.max(...found.map((value, i) => Math.abs(value - (expected[i] as number))))).toBeLessThan(2e-6);
}

test("an ensemble's probabilities are the mean of its networks'", () => {
  const networks = [made(1), made(2), made(3)] as const;
  const x = input();
  const each = networks.map((network) => see(network, x));
  const together = see(new Ensemble(networks), x);
  expect(together).toMatchObject({ task: "joint", auxiliary: [] });
  expectClose(lesions(together), mean(each.map(lesions)));
  expectClose(diseases(together), mean(each.map(diseases)));
});

test("its weights are those of its networks, and come back from a file", () => {
  const from = new Ensemble([made(1), made(2)]);
  const to = new Ensemble([made(3), made(4)]);
  expect([...from.state().keys()].at(0)).toMatch(/^networks\.0\./);
  loadWeights(to, encodeWeights(from), "weights");
  const second = ({ networks }: Ensemble): Uint8Array => encodeWeights(networks[1] as Network);
  expect(second(to)).toEqual(second(from));
  expect(lesions(see(to, input()))).toEqual(lesions(see(from, input())));
});

test("a mirrored look is turned back before it counts: a network's answer to a mirrored scan is its mirrored answer", () => {
  const network = made(1);
  const x = input();
  const ways = [[], [4], [3], [4, 3]];
  const each = ways.map((axes) => see(network, axes.length === 0 ? x : x.flip(axes)));
  const flipped = see(new Flipped(network, [4, 3]), x);
  const back = each.map((prediction, i) => {
    const axes = ways[i] ?? [];
    return (
      (axes.length === 0 ? lesionOf(prediction) : lesionOf(prediction)?.flip(axes))?.toNumbers().map(sigmoid) ?? []
    );
  });
  expectClose(lesions(flipped), mean(back));
  expectClose(diseases(flipped), mean(each.map(diseases)));
  const other = see(new Flipped(network, [4, 3]), x.flip([4]));
  expectClose(lesionOf(other)?.flip([4]).toNumbers().map(sigmoid) ?? [], lesions(flipped));
  expect(encodeWeights(new Flipped(network, [4]))).toEqual(encodeWeights(network));
});

test("each task has its own heads", () => {
  const x = input();
  expect(see(new Ensemble([made(1, { task: "segmentation" })]), x)).not.toHaveProperty("disease");
  const diagnosis = (seed: number): Network =>
    createNetwork(resolveNetwork({ name: "densenet121", preset: "tiny" }), seed);
  const both = see(new Flipped(new Ensemble([diagnosis(1), diagnosis(2)]), [3]), noise("scan", [1, 1, 32, 32, 32]));
  expect(both).toMatchObject({ task: "diagnosis" });
});

test("what is certain has a logit too", () => {
  class Certain extends Flipped {
    override forward(x: Tensor): Prediction {
      const lesion = x.mul(0).add(200) as ReturnType<typeof lesionOf> & Tensor;
      return { task: "segmentation", lesion, auxiliary: [] };
    }
  }
  const network = new Certain(made(1, { task: "segmentation" }), []);
  const found = lesionOf(see(new Ensemble([network]), noise("scan", [1, 1, 2, 2, 2])))?.toNumbers() ?? [];
  for (const value of found) expect(value).toBeCloseTo(Math.log((1 - 1e-7) / 1e-7), 0);
});
