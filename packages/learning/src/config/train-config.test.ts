import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { writeYaml } from "@multirnet/artifacts";
import { expect, test } from "vitest";
import { stringify } from "yaml";

import { madeFolder } from "../dataset/testing/made-dataset.js";
import { parseTrainConfig, readTrainConfig, type TrainConfig } from "./train-config.js";

const least = { name: "a", dataset: "data", network: { name: "multirnet" } };
const parsed = (given: object): TrainConfig => parseTrainConfig(stringify({ ...least, ...given }), "a.yaml");

test("what is not said is the paper's protocol", () => {
  const { network, ...rest } = parsed({});
  expect(rest).toEqual({
    name: "a",
    dataset: "data",
    seed: 0,
    frozen: [],
    preprocessing: { spacingMm: { x: 1.5, y: 1.5, z: 2 }, region: { x: 96, y: 96, z: 32 } },
    folds: { count: 4, seed: 0, testShare: 0 },
    sampling: { aim: "centre", backgroundShare: 0, insideBody: false, regionsPerCase: 1, balance: [] },
    augmentation: {
      flipLeftRight: 0,
      flipFrontBack: 0,
      rotation: 0,
      scale: 0,
      elastic: 0,
      gamma: 0,
      brightness: 0,
      contrast: 0,
      noise: 0,
      blur: 0,
      sliceThickness: 0,
    },
    loss: {
      segmentation: "focalTversky",
      alpha: 0.7,
      beta: 0.3,
      exponent: 0.9,
      over: "batch",
      weightedStructure: true,
      edge: 0,
      smooth: 1e-5,
      voxelCrossEntropy: 0,
      deepSupervision: [],
      lambda: 0.3,
      labelSmoothing: 0,
    },
    optimiser: {
      method: "adam",
      learningRate: 3e-4,
      betas: [0.9, 0.999],
      epsilon: 1e-8,
      weightDecay: 0,
      schedule: "constant",
      warmUpEpochs: 0,
      accumulate: 1,
    },
    batchSize: 4,
    activationStretches: 1,
    precision: "float32",
    epochs: 1000,
    validation: { share: 0, everyEpochs: 1, patience: 100 },
    inference: { overlap: 0.5, threshold: 0.5, minimumLesionMm3: 10, flips: [] },
    checkpointMinutes: 2,
    licence: "not stated",
    data: { synthetic: false, licence: "not stated", notes: "" },
  });
  expect(network).toMatchObject({
    name: "multirnet",
    options: { task: "joint", classes: ["covid-19", "cap", "normal"], lesions: ["lesion"], passes: 0, kernel: 5 },
  });
});

test("a network's options stand beside its name, over those of its preset", () => {
  const { network } = parsed({ network: { name: "multirnet", preset: "tiny", passes: 2, kernel: 5 } });
  expect(network.options).toMatchObject({ widths: [2, 3, 4, 5, 6], passes: 2, kernel: 5 });
  expect(network.options).not.toHaveProperty("preset");
});

test("a part that is given keeps the defaults of the rest of it", () => {
  const { loss, preprocessing } = parsed({ loss: { lambda: 0.5 }, preprocessing: { region: { x: 32, y: 48, z: 16 } } });
  expect(loss).toMatchObject({ lambda: 0.5, alpha: 0.7, segmentation: "focalTversky" });
  expect(preprocessing).toEqual({ spacingMm: { x: 1.5, y: 1.5, z: 2 }, region: { x: 32, y: 48, z: 16 } });
});

test("a resolved config, as a run keeps it, is read back equal", async () => {
  const dir = await madeFolder();
  const networks = [
    { network: { name: "multirnet", preset: "small", task: "segmentation" }, deepSupervision: [0.5, 0.25] },
    { network: { name: "vnet" }, deepSupervision: [] },
  ];
  for (const { network, deepSupervision } of networks) {
    const config = parsed({
      network,
      dataset: join(dir, "data"),
      optimiser: { learningRate: 1e-7, betas: [0.5, 0.99] },
      loss: { deepSupervision, smooth: 1e-9 },
      data: { notes: "two\nlines: with # signs" },
    });
    const path = join(dir, "config.yaml");
    await writeYaml(path, config);
    const back = await readTrainConfig(path);
    expect(back).toEqual(config);
    await writeYaml(path, back);
    expect(await readTrainConfig(path)).toEqual(config);
  }
});

test("the dataset of a file is relative to the file", async () => {
  const dir = await madeFolder();
  await writeFile(join(dir, "a.yaml"), stringify({ ...least, dataset: "../data" }));
  expect((await readTrainConfig(join(dir, "a.yaml"))).dataset).toBe(join(dir, "../data"));
  await writeFile(join(dir, "b.yaml"), stringify({ ...least, dataset: "/some/where" }));
  expect((await readTrainConfig(join(dir, "b.yaml"))).dataset).toBe("/some/where");
});

test("a recipe stands under what the file says, and is written out", () => {
  const infnet = { network: { name: "infnet", preset: "tiny" }, recipe: "published" };
  const whole = { segmentation: "structure", weightedStructure: true, deepSupervision: [1, 1, 1], edge: 0.25 };
  expect(parsed(infnet).loss).toMatchObject({ ...whole, alpha: 0.7 });
  expect(parsed({ ...infnet, loss: { edge: 0, weightedStructure: false } }).loss).toMatchObject({
    ...whole,
    weightedStructure: false,
    edge: 0,
  });
  const medt = { network: { name: "medt", preset: "tiny" }, recipe: "published" };
  expect(parsed(medt).frozen).toEqual([{ part: "gates", epochs: 10, optional: true }]);
  expect(parsed({ ...medt, frozen: [] }).frozen).toEqual([]);
  expect(parsed({ network: { name: "medt" } }).frozen).toEqual([]);
  const config = parsed(infnet);
  expect(parseTrainConfig(stringify(config), "again.yaml")).toEqual(config);
});

test("initial weights of a file are relative to the config", async () => {
  const dir = await madeFolder();
  const initialWeights = { file: "../w.safetensors", part: "classifier" };
  await writeFile(join(dir, "a.yaml"), stringify({ ...least, initialWeights }));
  expect((await readTrainConfig(join(dir, "a.yaml"))).initialWeights).toEqual({
    file: join(dir, "../w.safetensors"),
    part: "classifier",
  });
});
