import { existsSync } from "node:fs";

import { expect, test } from "vitest";

import { frozenIn } from "./frozen.js";
import { madeConfig, madeTrainingSet, newRunPath } from "./testing/made-training.js";
import { train } from "./train.js";

const paths = [
  "backbone.stem.weight",
  "block.0.gates.query",
  "block.1.gates.query",
  "block.1.gate.weight",
  "head.bias",
];
const still = (frozen: Parameters<typeof frozenIn>[0], epoch = 0): string[] => [...frozenIn(frozen, paths, epoch)];

test("a part is whole names of a path, wherever they stand", () => {
  expect(still([{ part: "backbone" }])).toEqual(["backbone.stem.weight"]);
  expect(still([{ part: "gates" }])).toEqual(["block.0.gates.query", "block.1.gates.query"]);
  expect(still([{ part: "block.1" }])).toEqual(["block.1.gates.query", "block.1.gate.weight"]);
  expect(still([{ part: "head.bias" }])).toEqual(["head.bias"]);
  expect(still([])).toEqual([]);
});

test("a part stands still for its first epochs, or always", () => {
  const frozen = [{ part: "gates", epochs: 2 }, { part: "head" }];
  expect(still(frozen, 1)).toEqual(["block.0.gates.query", "block.1.gates.query", "head.bias"]);
  expect(still(frozen, 2)).toEqual(["head.bias"]);
});

test("a part that is optional stands still where there is one, and is no fault where there is none", () => {
  expect(still([{ part: "gates", optional: true }])).toEqual(["block.0.gates.query", "block.1.gates.query"]);
  expect(still([{ part: "gat", optional: true }, { part: "head" }])).toEqual(["head.bias"]);
});

test.each(["gat", "stem.bias", "back", "backbone.stem.weight.x"])("no weight has the part %s", (part) => {
  expect(() => still([{ part, epochs: 0 }])).toThrow(
    `no weight of the network has ${part} in its path, so nothing can be frozen by it`,
  );
});

test("a part that the network has not is refused before a run folder is made", async () => {
  const config = madeConfig(await madeTrainingSet(), { frozen: [{ part: "gates" }] });
  const path = await newRunPath();
  await expect(train(config, path)).rejects.toMatchObject({ code: "FROZEN_PART" });
  expect(existsSync(path)).toBe(false);
});

test("a network of which everything is frozen is refused before a run folder is made", async () => {
  const frozen = [{ part: "segmentation", epochs: 1 }, { part: "classifier" }];
  const network = { name: "multirnet", preset: "tiny" };
  const path = await newRunPath();
  await expect(train(madeConfig(await madeTrainingSet(), { network, frozen }), path)).rejects.toMatchObject({
    code: "FROZEN_ALL",
  });
  expect(existsSync(path)).toBe(false);
});
