import { aboutEngine } from "@multirnet/engine";
import { expect, test } from "vitest";

import { parameterCount } from "./parameter-count.js";
import { createNetwork, resolveNetwork } from "./registry.js";

test.each([
  // MONAI's and vnet.pytorch's V-Net, counted from the references under PyTorch with two outputs.
  { given: { name: "vnet" }, expected: 45_597_898 },
  { given: { name: "vnet", activation: "prelu", biases: "all" }, expected: 45_603_934 },
  // The paper's rule with one channel in, two out and the norms; MONAI's.
  { given: { name: "unet3d", lesions: ["a", "b"] }, expected: 19_072_834 },
  { given: { name: "unet3d", preset: "monai", lesions: ["a", "b"] }, expected: 5_749_410 },
  { given: { name: "unet3d", variant: "monai", lesions: ["a", "b"] }, expected: 5_749_410 },
  { given: { name: "unetpp3d", lesions: ["a", "b"] }, expected: 6_979_976 },
  { given: { name: "attention-unet", lesions: ["a", "b"] }, expected: 94_482_930 },
  { given: { name: "densenet121" }, expected: 11_245_699 },
  { given: { name: "densenet201" }, expected: 25_336_579 },
  { given: { name: "densenet121-2d" }, expected: 6_956_931 },
  { given: { name: "densenet201-2d" }, expected: 18_098_691 },
  { given: { name: "res2net50-2d", classes: Array.from({ length: 1000 }, (_, i) => String(i)) }, expected: 25_718_352 },
  { given: { name: "infnet" }, expected: 33_121_721 - 2_049_000 }, // without the backbone's head, which nothing uses
  { given: { name: "medt", lesions: ["a", "b"] }, expected: 1_560_140 - 35_570 }, // without what nothing uses
  { given: { name: "medt", variant: "gated", lesions: ["a", "b"] }, expected: 1_326_914 },
  { given: { name: "transunet", lesions: ["a", "b"] }, expected: 105_276_066 },
  { given: { name: "jcs" }, expected: 117_717_811 },
  { given: { name: "covnet" }, expected: 23_514_179 },
  // Counted from benchmarks/peer/multirnet.py under PyTorch.
  { given: { name: "multirnet" }, expected: 48_078_307 },
  { given: { name: "multirnet", kernel: 3 }, expected: 14_206_371 },
  { given: { name: "multirnet", preset: "small" }, expected: 3_554_195 },
])("$given.name has the parameters of its reference: $expected", ({ given, expected }) => {
  expect(parameterCount(resolveNetwork(given))).toBe(expected);
});

test("counting needs no random weights, counts no running statistics and leaves nothing behind", () => {
  const spec = resolveNetwork({ name: "multirnet", preset: "tiny" });
  const before = aboutEngine().liveTensors;
  const count = parameterCount(spec);
  expect(aboutEngine().liveTensors).toBe(before);
  const network = createNetwork(spec, 0);
  const sizes = (tensors: Iterable<{ readonly elements: number }>): number =>
    [...tensors].reduce((sum, { elements }) => sum + elements, 0);
  expect(count).toBe(sizes(network.parameters().values()));
  expect(count).toBeLessThan(sizes(network.state().values()));
  network.release();
});
