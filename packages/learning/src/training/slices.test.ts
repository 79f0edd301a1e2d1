import { readFileSync } from "node:fs";

import { runFolder } from "@multirnet/artifacts";
import { loadModel } from "@multirnet/inference";
import { expect, test } from "vitest";

import { madeConfig, madeTrainingSet, newRunPath } from "./testing/made-training.js";
import { train } from "./train.js";

test.each([
  { name: "infnet", more: { loss: { deepSupervision: [0.5, 0.5, 0.5] } } },
  { name: "transunet", more: { preprocessing: { region: { x: 24, y: 20, z: 3 } } } }, // resized to its own side
  { name: "densenet121-2d", more: {} },
  { name: "covnet", more: {} },
  // Whole slices, all of a scan together.
  {
    name: "covnet",
    more: { preprocessing: { spacingMm: { x: "fit", y: "fit", z: "fit" }, region: { x: 32, y: 64, z: 4 } } },
  },
])("$name learns from slices of regions, is judged on whole cases, and is loaded again", async ({ name, more }) => {
  const config = madeConfig(await madeTrainingSet(), {
    network: { name, preset: "tiny" },
    preprocessing: { region: { x: 32, y: 32, z: 2 } },
    validation: { share: 0.3 },
    epochs: 1,
    ...more,
  });
  const path = await newRunPath();
  const { ended, steps } = await train(config, path);
  expect(ended).toBe("finished");
  expect(steps).toBeGreaterThan(0);
  const lines = readFileSync(runFolder(path).log, "utf8").trim().split("\n");
  const last = JSON.parse(lines.at(-1) ?? "") as { readonly validation?: { readonly score: number } };
  expect(last.validation?.score).toBeGreaterThanOrEqual(0);
  const model = await loadModel(path);
  expect(model.network.sees).toBe("volume");
  model.network.release();
});
