import { join } from "node:path";

import { decode } from "fast-png";
import { expect, test } from "vitest";

import { openDataset } from "../dataset/index.js";
import { prepareCase } from "../dataset/prepare-case.js";
import { madeConfig, madeTrainingSet } from "../training/testing/made-training.js";
import { drawSample } from "./sample.js";
import { showDraw } from "./show-draw.js";

test("a draw is shown as a training sees it, and the same each time", async () => {
  const config = madeConfig(await madeTrainingSet(), { augmentation: { flipLeftRight: 0.5, rotation: 1, gamma: 1 } });
  const shown = await showDraw(config, "both-2", 3);
  expect(await showDraw(config, "both-2", 3)).toEqual(shown);
  expect((await showDraw(config, "both-2", 4)).place).not.toEqual(shown.place);

  const { cases, labels, dir } = await openDataset(config.dataset);
  const entry = cases.find(({ name }) => name === "both-2");
  if (entry === undefined) throw new Error("no such case");
  const settings = {
    spacing: config.preprocessing.spacingMm as { x: number; y: number; z: number },
    channels: ["lesion"],
  };
  const sample = drawSample(
    await prepareCase(entry, labels, settings, join(dir, ".prepared")),
    { ...config.sampling, region: config.preprocessing.region, augmentation: config.augmentation },
    { seed: config.seed, epoch: 3 },
  );
  expect(shown).toMatchObject({ place: sample.place, augmentation: sample.augmentation });
  expect(shown.augmentation.pose?.rotationDegrees).toBeDefined();
  const { width, height, data } = decode(shown.picture.png);
  expect([width, height]).toEqual([3 * 32, 3 * 16]);
  expect(data[0]).toBe(Math.round(255 * (sample.image[shown.slice * 32 * 16] as number)));
});

test("a network that only diagnoses is shown the region around a lesion that it sees in training", async () => {
  const dataset = await madeTrainingSet();
  const outlining = await showDraw(madeConfig(dataset), "both-2", 3);
  const network = { name: "multirnet", preset: "tiny", task: "diagnosis" };
  expect((await showDraw(madeConfig(dataset, { network }), "both-2", 3)).place).toEqual(outlining.place);
});

test("a case that is not there is told with the nearest that is", async () => {
  const config = madeConfig(await madeTrainingSet());
  await expect(showDraw(config, "both-22", 0)).rejects.toThrow(
    `${config.dataset} has no case both-22; did you mean both-2?`,
  );
});
