import {
  originsOf,
  originText,
  readMergedConfig,
  resolveTrainConfig,
  trainConfigJsonSchema,
} from "@multirnet/learning";
import { z } from "zod";

import { command } from "../command.js";
import { annotatedYaml } from "../annotated-yaml.js";

export const configShow = command({
  name: "config show",
  summary: "A training config with every key filled in, and where each value comes from.",
  args: [{ name: "config", says: "YAML file" }],
  options: {
    set: { value: "key=value", says: "put a value over the config's, such as optimiser.learningRate=1e-3", many: true },
  },
  input: z.strictObject({ config: z.string(), set: z.array(z.string()).default([]) }),
  async run({ config: path, set }) {
    const found = await readMergedConfig(path, set);
    const config = resolveTrainConfig(found, path);
    const origins = Object.fromEntries(Array.from(originsOf(config, found), ([key, from]) => [key, originText(from)]));
    return { json: { config, origins }, text: annotatedYaml(config, origins) };
  },
});

export const configSchema = command({
  name: "config schema",
  summary: "The JSON Schema of training configs, by which editors complete and check keys.",
  args: [],
  options: {},
  input: z.strictObject({}),
  run() {
    const schema = trainConfigJsonSchema();
    return Promise.resolve({ json: schema, text: JSON.stringify(schema, undefined, 2) });
  },
});
