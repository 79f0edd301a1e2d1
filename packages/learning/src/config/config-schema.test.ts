import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { NETWORKS } from "@multirnet/networks";
import { expect, test } from "vitest";

import { trainConfigJsonSchema } from "./config-schema.js";

const kept = fileURLToPath(new URL("../../../../configs/train.schema.json", import.meta.url));

test("the schema beside the configs is the one that configs are checked by", () => {
  // Written by `npx multirnet config schema > configs/train.schema.json`.
  expect(JSON.parse(readFileSync(kept, "utf8"))).toEqual(trainConfigJsonSchema());
});

test("editors learn of each key what it means, its default and its range", () => {
  const { properties, additionalProperties, required } = trainConfigJsonSchema() as {
    readonly properties: Record<string, Record<string, unknown>>;
    readonly additionalProperties: boolean;
    readonly required: readonly string[];
  };
  expect(additionalProperties).toBe(false);
  expect(required).toEqual([]);
  expect(Object.keys(properties)).toContain("extends");
  expect(properties["batchSize"]).toMatchObject({ type: "integer", minimum: 1, default: 4 });
  const sampling = properties["sampling"] as { readonly properties: Record<string, object> };
  expect(sampling.properties["backgroundShare"]).toMatchObject({
    description: "share of the regions centred anywhere in lung or body",
    minimum: 0,
    maximum: 1,
  });
});

test("a network's options are those of its name", () => {
  const { properties } = trainConfigJsonSchema() as {
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
