import { asLogits, scope, tensor, type Tensor } from "@multirnet/engine";
import { expect, test } from "vitest";

import { diseaseOf, IMAGENET, lesionOf, Network, type Pass, type Prediction } from "./network.js";
import { createNetwork, NETWORKS, resolveNetwork } from "./registry.js";
import { overVolumes } from "./slicewise.js";
import { noise } from "./testing/formula.js";
import { EVALUATION, training } from "./testing/passes.js";

/** Answers each slice with itself as the outline, and with its mean as the first of two logits. */
class Mirror extends Network {
  readonly task = "joint";
  override readonly sees = "slice";
  readonly seen: number[] = [];

  forward(input: Tensor, _pass: Pass): Prediction {
    this.seen.push(input.shape[0] ?? 0);
    const first = input.mean([1, 2, 3]).reshape([-1, 1]);
    const disease = asLogits(first.mul(tensor([1, 0], [1, 2])));
    return { task: "joint", lesion: asLogits(input.narrow(1, 0, 1)), disease, auxiliary: [] };
  }
}

test("slices of all samples go through by eights in evaluation and together in training, and stand again where they were", () => {
  scope(() => {
    const mirror = new Mirror();
    const whole = overVolumes(mirror);
    const scan = noise("scan", [2, 1, 5, 4, 6]);
    for (const pass of [EVALUATION, training()]) {
      const found = lesionOf(whole.forward(scan, pass));
      expect(found?.shape).toEqual([2, 1, 5, 4, 6]);
      expect(found?.toNumbers()).toEqual(scan.toNumbers());
    }
    expect(mirror.seen).toEqual([8, 2, 10]);
  });
});

test("channels are normalised where the network wants it", () => {
  class Photographic extends Mirror {
    override readonly normalised = { mean: [0.5, 0.25, 0], deviation: [0.25, 0.5, 1] } as const;
    override forward(input: Tensor, pass: Pass): Prediction {
      return { ...super.forward(input, pass), lesion: asLogits(input) } as Prediction;
    }
  }
  scope(() => {
    const scan = tensor([0, 0.5, 1, 0.25], [1, 1, 2, 1, 2]);
    const found = lesionOf(overVolumes(new Photographic()).forward(scan, EVALUATION));
    expect(found?.shape).toEqual([1, 3, 2, 1, 2]);
    // (x − 0.5) · 4, (x − 0.25) · 2, x: of all slices channel by channel.
    expect(found?.toNumbers()).toEqual([-2, 0, 2, -1, -0.5, 0.5, 1.5, 0, 0, 0.5, 1, 0.25]);
  });
});

test("networks of photographs' weights want ImageNet's statistics, others [0, 1]", () => {
  const wanted = NETWORKS.filter(({ dims }) => dims === 2).flatMap(({ name }) => {
    const network = createNetwork(resolveNetwork({ name, preset: "tiny" }), 1);
    const { normalised } = network;
    network.release();
    return normalised === IMAGENET ? [name] : [];
  });
  expect(wanted).toEqual(["res2net50-2d", "infnet", "jcs"]);
});

test("the diagnosis of a region is the mean of its slices' probabilities", () => {
  scope(() => {
    // Means 0 and 2: probabilities of the first class 1/2 and e²/(1 + e²).
    const scan = tensor([0, 0, 2, 2], [1, 1, 2, 1, 2]);
    const disease = diseaseOf(overVolumes(new Mirror()).forward(scan, EVALUATION));
    const expected = (0.5 + Math.E ** 2 / (1 + Math.E ** 2)) / 2;
    expect(disease?.softmax(1).toNumbers()).toEqual([expect.closeTo(expected, 6), expect.closeTo(1 - expected, 6)]);
  });
});

test("a network of one side sees slices resized, and its outline comes back at the region's size", () => {
  scope(() => {
    const network = createNetwork(resolveNetwork({ name: "transunet", preset: "tiny" }), 1);
    const found = overVolumes(network).forward(noise("scan", [1, 1, 3, 40, 24]), EVALUATION);
    expect(lesionOf(found)?.shape).toEqual([1, 1, 3, 40, 24]);
    network.release();
  });
});

test("a network of stacks sees all slices of a region together", () => {
  scope(() => {
    const network = createNetwork(resolveNetwork({ name: "covnet", preset: "tiny" }), 1);
    const scan = noise("scan", [2, 1, 3, 32, 64]);
    const found = diseaseOf(overVolumes(network).forward(scan, EVALUATION));
    const own = diseaseOf(network.forward(scan.reshape([2, 3, 1, 32, 64]).expand([-1, -1, 3, -1, -1]), EVALUATION));
    expect(found?.toNumbers()).toEqual(own?.toNumbers());
    network.release();
  });
});

test("the weights are the network's own, under its names; a network of volumes is itself", () => {
  const network = createNetwork(resolveNetwork({ name: "infnet", preset: "tiny" }), 1);
  expect([...overVolumes(network).state().keys()]).toEqual([...network.state().keys()]);
  network.release();
  const volume = createNetwork(resolveNetwork({ name: "vnet", preset: "tiny" }), 1);
  expect(overVolumes(volume)).toBe(volume);
  volume.release();
});
