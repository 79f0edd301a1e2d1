import { NETWORKS, optionTable, undrawnNetwork, type NetworkEntry } from "@multirnet/networks";
import { expect, test } from "vitest";
import { stringify } from "yaml";

import { parseTrainConfig, type TrainConfig } from "../config/train-config.js";
import { frozenIn } from "../training/frozen.js";
import { RECIPES } from "./index.js";

test("every network of the registry has a recipe, and no other", () => {
  expect(Object.keys(RECIPES).sort()).toEqual(NETWORKS.map(({ name }) => name).sort());
});

/** Every preset, every variant and every task of a network. */
function formsOf(entry: NetworkEntry): object[] {
  const { name, presets, tasks } = entry;
  const variants =
    optionTable(entry)
      .find((row) => row.name === "variant")
      ?.takes.split(" | ") ?? [];
  return [
    ...Object.keys(presets).map((preset) => ({ name, preset })),
    ...variants.map((variant) => ({ name, variant })),
    ...(tasks.length > 1 ? tasks.map((task) => ({ name, preset: "tiny", task })) : []),
  ];
}

/** A training of a network as it was published, and the weights that it begins with standing still. */
function published(network: object): { readonly config: TrainConfig; readonly still: number; readonly all: number } {
  const region = { x: 128, y: 128, z: 32 }; // MedT's
  const given = { name: "a", dataset: "data", network, recipe: "published", preprocessing: { region } };
  const config = parseTrainConfig(stringify(given), "a.yaml");
  const made = undrawnNetwork(config.network);
  const paths = [...made.parameters().keys()];
  made.release();
  return { config, still: frozenIn(config.frozen, paths, 0).size, all: paths.length };
}

test.each(NETWORKS.flatMap((entry) => formsOf(entry).map((form) => ({ form, name: entry.name }))))(
  "the recipe of $name is a config that $form takes",
  ({ form, name }) => {
    const { config, still, all } = published(form);
    const { loss = {}, frozen = [] } = RECIPES[name]?.settings ?? {};
    expect(config.loss).toMatchObject(loss);
    expect(config.frozen).toEqual(frozen);
    expect(still).toBeLessThan(all);
    if (frozen.some(({ optional }) => optional !== true)) expect(still).toBeGreaterThan(0);
  },
);

test.each([
  { variant: "medt", gates: 3 * 2 * 4 }, // of three blocks along two axes, four each
  { variant: "gated", gates: 8 * 2 * 4 },
  { variant: "logo", gates: 0 },
  { variant: "axial", gates: 0 },
])("MedT's $gates gates of $variant stand still at first", ({ variant, gates }) => {
  expect(published({ name: "medt", preset: "tiny", variant }).still).toBe(gates);
});
