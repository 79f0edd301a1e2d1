import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { NETWORKS } from "@multirnet/networks";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { parse } from "yaml";

import { trainConfigJsonSchema } from "./config-schema.js";

const configs = fileURLToPath(new URL("../../../../configs", import.meta.url));
const kept = join(configs, "train.schema.json");
const isValid = new Ajv2020({ strict: false }).compile(trainConfigJsonSchema());

test("the schema beside the configs is the one that configs are checked by", () => {
  // Written by `npx multirnet config schema > configs/train.schema.json`.
  expect(JSON.parse(readFileSync(kept, "utf8"))).toEqual(trainConfigJsonSchema());
});

test("editors learn of each key what it means, its default and its range", () => {
  const { properties, additionalProperties } = trainConfigJsonSchema() as unknown as {
    readonly properties: Record<string, Record<string, unknown>>;
    readonly additionalProperties: boolean;
  };
  expect(additionalProperties).toBe(false);
  expect(Object.keys(properties)).toContain("extends");
  expect(properties["batchSize"]).toMatchObject({ type: ["integer", "null"], minimum: 1, default: 4 });
  const sampling = properties["sampling"] as { readonly properties: Record<string, object> };
  expect(sampling.properties["backgroundShare"]).toMatchObject({
    description: "share of the regions centred anywhere in lung or body",
    minimum: 0,
    maximum: 1,
  });
});

test("a network's options are those of its name", () => {
  const { properties } = trainConfigJsonSchema() as unknown as {
    readonly properties: {
      readonly network: { readonly allOf: readonly { readonly if: unknown; readonly then: { properties: object } }[] };
    };
  };
  const { allOf } = properties.network;
  expect(allOf).toHaveLength(NETWORKS.length);
  const multirnet = allOf.find((one) => JSON.stringify(one.if).includes('"multirnet"'));
  expect(Object.keys(multirnet?.then.properties ?? {})).toEqual(
    expect.arrayContaining(["name", "preset", "widths", "passes", "kernel", "task"]),
  );
});

test.each(readdirSync(configs).filter((name) => name.endsWith(".yaml")))(
  "editors find nothing wrong with %s",
  (file) => {
    isValid(parse(readFileSync(join(configs, file), "utf8")));
    expect(isValid.errors).toBeNull();
  },
);

test.each([
  { optimiser: { momentum: 0.9 } },
  { optimiser: { learningRate: 0.1 } },
  { preprocessing: { region: { z: 16 } } },
  { initialWeights: { part: "backbone" } },
  { initialWeights: null, loss: { classWeights: { cap: null }, lambda: { to: 0.5 } } },
  { optimiser: { method: "sgd", betas: null, learningRate: 0.1 } },
  { network: { name: "multirnet", preset: null, widths: null } },
  { network: null },
  { loss: null, seed: null, precision: null, name: null },
  {},
])("a part of a config, over another, is no fault: %j", (given) => {
  isValid(given);
  expect(isValid.errors).toBeNull();
});

test.each([
  { optimiser: { momentun: 0.9 } },
  { optimiser: { method: "sgd", betas: [0.9, 0.9] } },
  { optimiser: { method: "adam", momentum: 0.9 } },
  { preprocessing: { region: { z: 1.5 } } },
  { frozen: [{ epochs: 3 }] }, // of a list's entry nothing can be left out
  { network: { name: "vnet", passes: 1 } },
  { extends: null },
  { batchSize: "4" },
])("what is wrong is shown: %j", (given) => {
  expect(isValid(given)).toBe(false);
});
