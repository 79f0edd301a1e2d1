import { aboutEngine } from "@multirnet/engine";
import { expect, test } from "vitest";

import { parameterCount } from "./parameter-count.js";
import { createNetwork, resolveNetwork } from "./registry.js";

test.each([
  // MONAI's and vnet.pytorch's V-Net, counted from the references under PyTorch.
  { given: { name: "vnet", lesions: ["a", "b"] }, expected: 45_597_898 },
  { given: { name: "vnet", lesions: ["a", "b"], activation: "prelu", biases: "all" }, expected: 45_603_934 },
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
