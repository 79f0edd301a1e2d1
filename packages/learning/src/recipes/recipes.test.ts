import { NETWORKS, resolveNetwork, undrawnNetwork } from "@multirnet/networks";
import { expect, test } from "vitest";
import { stringify } from "yaml";

import { parseTrainConfig } from "../config/train-config.js";
import { frozenIn } from "../training/frozen.js";
import { RECIPES } from "./index.js";

test("every network of the registry has a recipe, and no other", () => {
  expect(Object.keys(RECIPES).sort()).toEqual(NETWORKS.map(({ name }) => name).sort());
});

test.each(NETWORKS.map(({ name }) => ({ name })))(
  "the recipe of $name is a config that its network takes",
  ({ name }) => {
    const given = { name: "a", dataset: "data", network: { name, preset: "tiny" }, recipe: "published" };
    const region = { x: 128, y: 128, z: 32 }; // MedT's
    const config = parseTrainConfig(stringify({ ...given, preprocessing: { region } }), "a.yaml");
    expect(config.loss).toMatchObject(RECIPES[name]?.settings.loss ?? {});
    const network = undrawnNetwork(resolveNetwork({ name, preset: "tiny" }));
    const paths = [...network.parameters().keys()];
    expect(frozenIn(config.frozen, paths, 0).size > 0).toBe(RECIPES[name]?.settings.frozen !== undefined);
    expect(frozenIn(config.frozen, paths, 0).size).toBeLessThan(paths.length);
    network.release();
  },
);
