import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

import { expect, test } from "vitest";

import { readTrainConfig } from "./train-config.js";

const folder = fileURLToPath(new URL("../../../../configs", import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith(".yaml"));

test("there are configs to read", () => {
  expect(files).not.toEqual([]);
});

test.each(files)("%s is a training that could begin", async (file) => {
  const config = await readTrainConfig(join(folder, file));
  expect(file).toBe(`${config.name}.yaml`);
});
