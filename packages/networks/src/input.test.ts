import { zeros } from "@multirnet/engine";
import { expect, test } from "vitest";

import type { Norm } from "./layers/norm.js";
import { regionTensor, requireRegion, requireStatistics } from "./input.js";
import { createNetwork, resolveNetwork } from "./registry.js";
import { noise } from "./testing/formula.js";
import { EVALUATION, training } from "./testing/passes.js";
import { thrownBy } from "./testing/thrown.js";

test("x, y, z of voxels become W, H, D of a tensor, after samples and channels", () => {
  const voxels = Float32Array.from({ length: 2 * 3 * 24 }, (_, i) => i);
  const found = regionTensor(voxels, { samples: 2, channels: 3, size: { x: 4, y: 3, z: 2 } });
  expect([found.shape, found.dtype]).toEqual([[2, 3, 2, 3, 4], "float32"]);
  expect(found.toNumbers()).toEqual([...voxels]); // the last axis of a tensor runs fastest too
});

test("a region that fits is taken, for any number of channels and any multiple", () => {
  requireRegion("net", zeros([3, 2, 8, 24, 16]), { channels: 2, multipleOf: 8 });
  expect(thrownBy(() => requireRegion("net", zeros([3, 2, 8, 20, 16]), { channels: 2, multipleOf: 8 }))).toBe(
    "NetworkError: net takes N×2×D×H×W with D, H and W multiples of 8, but 3×2×8×20×16 came",
  );
});

const wanted =
  "more than one block of 16×16×16 in a training batch, as batch norm needs the variance of several values";
const wantedOfEach =
  "more than one block of 16×16×16 in each sample of a training batch, as instance norm needs the variance of several values";

test("a training batch of one value at the deepest is refused, one of two is not, and evaluation takes both", () => {
  const require = (shape: readonly number[], pass = training()): void =>
    requireStatistics("net", zeros(shape), { multipleOf: 16 }, pass);
  expect(thrownBy(() => require([1, 1, 16, 16, 16]))).toBe(`NetworkError: net takes ${wanted}, but 1×1×16×16×16 came`);
  require([2, 1, 16, 16, 16]);
  require([1, 1, 16, 32, 16]);
  require([1, 1, 16, 16, 16], EVALUATION);
});

test("slices count as samples do in a stack, each sample by itself for instance norm, and group norm has several channels", () => {
  const stack = (shape: readonly number[]): void =>
    requireStatistics("net", zeros(shape), { dims: 2, multipleOf: 32 }, training());
  expect(thrownBy(() => stack([1, 1, 3, 32, 32]))).toBe(
    "NetworkError: net takes more than one block of 32×32 in a training batch, as batch norm needs the variance of several values, " +
      "but 1×1×3×32×32 came",
  );
  stack([1, 2, 3, 32, 32]);
  const require = (norm: Norm, shape: readonly number[], pass = training()): void =>
    requireStatistics("net", zeros(shape), { multipleOf: 16, norm }, pass);
  expect(thrownBy(() => require("instance", [2, 1, 16, 16, 16]))).toBe(
    `NetworkError: net takes ${wantedOfEach}, but 2×1×16×16×16 came`,
  );
  require("instance", [1, 1, 16, 16, 32]);
  require("instance", [2, 1, 16, 16, 16], EVALUATION);
  require("group", [1, 1, 16, 16, 16]);
});

test.each([
  { name: "vnet" },
  { name: "multirnet", task: "joint" },
  { name: "multirnet", task: "joint", norm: "group", classifierNorm: "batch" },
  { name: "multirnet", task: "joint", classifierNorm: "group" },
  { name: "multirnet", task: "diagnosis", norm: "group", classifierNorm: "batch" },
])("$name $task $norm $classifierNorm refuses to spoil what its batch norms remember", (given) => {
  const network = createNetwork(resolveNetwork({ preset: "tiny", ...given }), 0);
  const scan = noise("scan", [1, 1, 16, 16, 16]);
  expect(thrownBy(() => network.forward(scan, training()))).toBe(
    `NetworkError: ${given.name} takes ${wanted}, but 1×1×16×16×16 came`,
  );
  network.forward(noise("scan", [1, 1, 16, 16, 32]), training());
  const state = [...network.state().values()].flatMap((tensor) => tensor.toNumbers());
  expect(state.every(Number.isFinite)).toBe(true);
  network.release();
});

test.each([
  { task: "joint", norm: "instance", classifierNorm: "group" },
  { task: "segmentation", norm: "instance" },
  { task: "diagnosis", classifierNorm: "instance" },
])("an instance norm of a single voxel is refused, in evaluation it is not: $task $norm $classifierNorm", (given) => {
  const network = createNetwork(resolveNetwork({ name: "multirnet", preset: "tiny", ...given }), 0);
  const scan = noise("scan", [2, 1, 16, 16, 16]);
  expect(thrownBy(() => network.forward(scan, training()))).toBe(
    `NetworkError: multirnet takes ${wantedOfEach}, but 2×1×16×16×16 came`,
  );
  expect(network.forward(scan, EVALUATION).task).toBe(given.task);
  network.release();
});

test.each([
  { task: "joint", norm: "group" },
  { task: "segmentation", norm: "group", classifierNorm: "batch" },
  { task: "diagnosis", classifierNorm: "group" },
])("with group norms there is no such need: $task $norm $classifierNorm", (given) => {
  const network = createNetwork(resolveNetwork({ name: "multirnet", preset: "tiny", ...given }), 0);
  expect(network.forward(noise("scan", [1, 1, 16, 16, 16]), training()).task).toBe(given.task);
  network.release();
});
