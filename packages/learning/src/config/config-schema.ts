import { NETWORKS } from "@multirnet/networks";
import { z } from "zod";

import { trainConfigSchema } from "./schema.js";

type JsonSchema = z.core.JSONSchema.BaseSchema;

/**
 * The JSON Schema of a config file, for editors: every key with what it means, its default and its range, `extends`, and the options of the network that is
 * named. Nothing is required, as another file may bring it; and any key may be null, which takes away what another file brings.
 */
export function trainConfigJsonSchema(): JsonSchema {
  const { $schema, properties, ...rest } = ofOneLayer(inputSchema(trainConfigSchema));
  return {
    ...($schema === undefined ? {} : { $schema }),
    title: "A training of multirnet",
    ...rest,
    properties: {
      extends: { type: "string", description: "config whose values this one stands over, relative to this file" },
      ...properties,
      network: networkSchema(),
    },
  };
}

/** Name, preset and options; which options there are depends on the name. */
function networkSchema(): JsonSchema {
  return {
    type: ["object", "null"],
    description: "registry name, preset, and any of the network's options",
    properties: { name: { enum: NETWORKS.map(({ name }) => name) }, preset: { type: ["string", "null"] } },
    allOf: NETWORKS.map(({ name, presets, options }) => ({
      if: { properties: { name: { const: name } }, required: ["name"] },
      then: {
        properties: {
          name: {},
          preset: orNull({ enum: Object.keys(presets), default: "full" }),
          ...ofOneLayer(inputSchema(options)).properties,
        },
        additionalProperties: false,
      },
    })),
  };
}

/** Of the schema of a whole config, that of one file among several. What stands in a list stays whole, as lists are not joined. */
function ofOneLayer({ required: _, oneOf, ...schema }: JsonSchema): JsonSchema {
  const { properties, additionalProperties: others } = schema;
  const members = schema.anyOf ?? oneOf; // any of them: without what tells them apart, a table may be one or the other
  return {
    ...schema,
    ...(members === undefined ? {} : { anyOf: withNullsOfOthers(members.map(ofOneLayer)) }),
    ...(properties === undefined ? {} : { properties: inLayer(properties) }),
    ...(typeof others === "object" ? { additionalProperties: orNull(ofOneLayer(others)) } : {}),
  };
}

/** Of a union's tables each may take away what another has: `{ method: sgd, betas: null }`. */
function withNullsOfOthers(members: readonly JsonSchema[]): JsonSchema[] {
  const gone = Object.assign({}, ...members.map(({ properties = {} }) => properties)) as Record<string, unknown>;
  const nulls = Object.fromEntries(Object.keys(gone).map((key) => [key, { type: "null" as const }]));
  return members.map((member) =>
    member.properties === undefined ? member : { ...member, properties: { ...nulls, ...member.properties } },
  );
}

function inLayer(properties: NonNullable<JsonSchema["properties"]>): NonNullable<JsonSchema["properties"]> {
  return Object.fromEntries(
    Object.entries(properties).map(([key, one]) => [key, typeof one === "boolean" ? one : orNull(ofOneLayer(one))]),
  );
}

function orNull({ const: only, type = [], ...schema }: JsonSchema): JsonSchema {
  if (schema.anyOf !== undefined) return { ...schema, anyOf: [...schema.anyOf, { type: "null" }] };
  if (only !== undefined) return { ...schema, enum: [only, null] };
  if (schema.enum !== undefined) return { ...schema, enum: [...schema.enum, null] };
  return { ...schema, type: [type, "null" as const].flat() };
}

function inputSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
}
