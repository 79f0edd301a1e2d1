import { NETWORKS } from "@multirnet/networks";
import { z } from "zod";

import { trainConfigSchema } from "./schema.js";

type JsonSchema = Record<string, unknown>;

/**
 * The JSON Schema of a config file, for editors: every key with what it means, its default and its range, `extends`, and the options of the network that is
 * named. Nothing is required, as another file may bring it.
 */
export function trainConfigJsonSchema(): JsonSchema {
  const { $schema, properties, ...rest } = inputSchema(trainConfigSchema);
  return {
    $schema,
    title: "A training of multirnet",
    ...rest,
    required: [],
    properties: {
      extends: { type: "string", description: "config whose values this one stands over, relative to this file" },
      ...(properties as JsonSchema),
      network: networkSchema(),
    },
  };
}

/** Name, preset and options; which options there are depends on the name. */
function networkSchema(): JsonSchema {
  return {
    type: "object",
    description: "registry name, preset, and any of the network's options",
    properties: { name: { enum: NETWORKS.map(({ name }) => name) }, preset: { type: "string" } },
    allOf: NETWORKS.map(({ name, presets, options }) => ({
      if: { properties: { name: { const: name } }, required: ["name"] },
      then: {
        properties: {
          name: {},
          preset: { enum: Object.keys(presets), default: "full" },
          ...(inputSchema(options)["properties"] as JsonSchema),
        },
        additionalProperties: false,
      },
    })),
  };
}

function inputSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
}
