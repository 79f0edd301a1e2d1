import { RandomSource } from "@multirnet/base";
import { scope, tensor, zeros, type Tensor } from "@multirnet/engine";
import { expect, test } from "vitest";

import { MONAI_BASIC_UNET } from "./baselines/monai-unets.reference.js";
import { importWeights } from "./import-weights.js";
import { lesionOf, type Network } from "./network.js";
import type { Reference } from "./reference.js";
import { createNetwork, NETWORKS, resolveNetwork, undrawnNetwork } from "./registry.js";
import { referenceOf } from "./testing/reference-of.js";
import { thrownBy } from "./testing/thrown.js";

const counts = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

const softmaxHead = (channels: number): Map<string, Tensor> =>
  new Map([
    // w_k = (10 k + 1, 10 k + 2, 10 k + 3, 10 k + 4), b_k = k²
    [
      "final_conv.weight",
      tensor(
        counts(4 * channels).map((i) => 10 * Math.floor(i / 4) + (i % 4) + 1),
        [channels, 4, 1, 1, 1],
      ),
    ],
    [
      "final_conv.bias",
      tensor(
        counts(channels).map((k) => k ** 2),
        [channels],
      ),
    ],
  ]);
const unet = (lesions: readonly string[], more: Record<string, unknown> = {}): Network =>
  createNetwork(resolveNetwork({ name: "unet3d", variant: "monai", widths: [4, 4, 6, 8, 4], lesions, ...more }), 1);

test("with the background first, each lesion type's channel becomes what it is more than the background's", () => {
  scope(() => {
    const network = unet(["a", "b"]);
    const found = importWeights(network, MONAI_BASIC_UNET, softmaxHead(3), { background: "first" });
    expect(found.tensors).toBe(2);
    expect(network.state().get("head.weight")?.toNumbers()).toEqual([10, 10, 10, 10, 20, 20, 20, 20]);
    expect(network.state().get("head.bias")?.toNumbers()).toEqual([1, 4]);
    network.release();
  });
});

test.each([
  {
    what: "two outputs without it",
    lesions: ["a"],
    channels: 2,
    background: undefined,
    words:
      "its head has 2 channels, this network's 1: give `lesions` 2 names, or 1 with background first where the first channel is the background's",
  },
  {
    what: "one output without it",
    lesions: ["a", "b"],
    channels: 1,
    background: undefined,
    words: "its head has 1 channel, this network's 2: give `lesions` 1 name",
  },
  {
    what: "four outputs with it",
    lesions: ["a"],
    channels: 4,
    background: "first",
    words:
      "its head has 4 channels, for the background and 3 lesion types, and this network is for 1: give `lesions` 3 names",
  },
  {
    what: "one output with it",
    lesions: ["a"],
    channels: 1,
    background: "first",
    words: "its head has 1 channel, so that none is the background's",
  },
] as const)("$what are refused with what would fit", ({ lesions, channels, background, words }) => {
  scope(() => {
    const network = unet(lesions);
    expect(thrownBy(() => importWeights(network, MONAI_BASIC_UNET, softmaxHead(channels), { background }))).toBe(
      `NetworkError: cannot take over these weights by the reference monai: ${words}`,
    );
    network.release();
  });
});

test.each([
  {
    name: "vnet",
    of: "pytorch",
    words: "this network has a channel for the background too, and takes the head as it is",
  },
  {
    name: "infnet",
    of: "torch",
    words: "its head has no channel for the background, but one for each lesion type, as this network's",
  },
  { name: "infnet", of: "backbone", words: "it has no head" },
  { name: "covnet", of: "torch", words: "its head gives classes, and no outline" },
])("$name has no background to take off by $of", ({ name, of, words }) => {
  const network = undrawnNetwork(resolveNetwork({ name, preset: "tiny" }));
  expect(thrownBy(() => importWeights(network, referenceOf(name, of), new Map(), { background: "first" }))).toBe(
    `NetworkError: cannot take over these weights by the reference ${of}: background first: ${words}`,
  );
  network.release();
});

test("with the background first, a file without a head is refused", () => {
  scope(() => {
    const network = unet(["a"]);
    const given = new Map([["conv_0.conv_0.conv.bias", zeros([4])]]);
    expect(thrownBy(() => importWeights(network, MONAI_BASIC_UNET, given, { background: "first" }))).toBe(
      "NetworkError: cannot take over these weights by the reference monai: background first: there is no head among its tensors",
    );
    network.release();
  });
});

/** What the names of a reference would be if they were ours: for whole networks. */
const asOurs = (reference: Reference): Reference => ({ ...reference, rules: [] });

const SOFTMAXES = NETWORKS.flatMap(({ name, references }) =>
  references
    .filter(({ head }) => head?.outputs === "softmax")
    .map((reference) => ({ name, of: reference.name, reference })),
);

test("the references under a softmax", () => {
  expect(SOFTMAXES.map(({ name, of }) => `${name} ${of}`)).toEqual([
    ...["unet3d monai", "unetpp3d monai", "attention-unet monai"],
    ...["medt medt", "medt logo", "medt gated", "medt axial", "transunet torch"],
  ]);
});

// Of each network its smallest, with one lesion type, and one of them with several.
test.each(
  SOFTMAXES.filter(({ of }) => !["medt", "logo", "gated"].includes(of)).flatMap((one) =>
    (one.name === "unet3d" ? [1, 3] : [1]).map((types) => ({ ...one, types })),
  ),
)(
  "$name by $of with $types lesion types outlines as the softmax over background and types did",
  ({ name, reference, types }) => {
    // Of the widths of a tiny network, but of the reference's variant.
    const variant = name === "unet3d" ? { variant: "monai", widths: [4, 4, 6, 8, 4] } : reference.options;
    const drawn = (seed: number, lesions: readonly string[]): Network =>
      createNetwork(resolveNetwork({ name, preset: "tiny", ...variant, lesions }), seed);
    const lesions = counts(types).map(String);
    const [theirs, ours] = [drawn(3, ["background", ...lesions]), drawn(4, lesions)];
    scope(() => {
      importWeights(ours, asOurs(reference), theirs.state(), { background: "first" });
      const { side } = ours;
      const shape = side === undefined ? [1, 1, 16, 16, 16] : [1, 3, side, side];
      const scan = tensor(
        counts(shape.reduce((product, length) => product * length, 1)).map((i) => ((i * 37) % 101) / 101),
        shape,
      );
      const logits = (network: Network): Tensor =>
        lesionOf(network.forward(scan, { mode: "eval", random: new RandomSource(0) })) as Tensor;
      const softmax = logits(theirs).softmax(1);
      const background = softmax.narrow(1, 0, 1);
      const wanted = softmax.narrow(1, 1, types);
      // p_k / (p_k + p_0): with one type that is p_1 itself.
      const expected = (types === 1 ? wanted : wanted.div(wanted.add(background))).toNumbers();
      const found = logits(ours).sigmoid().toNumbers();
      expect(Math.max(...found.map((value, i) => Math.abs(value - (expected[i] ?? NaN))))).toBeLessThan(1e-6);
      expect(Math.max(...expected) - Math.min(...expected)).toBeGreaterThan(0.01); // an outline, and no constant
    });
    for (const network of [theirs, ours]) network.release();
  },
);
