import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

import { expect, test } from "vitest";

import { madeFolder } from "../dataset/testing/made-dataset.js";
import { originsOf } from "./explain-config.js";
import { originText } from "./layers.js";
import { readMergedConfig, readTrainConfig, resolveTrainConfig } from "./train-config.js";

const BASE = `name: base
dataset: data
network: { name: multirnet, preset: tiny, passes: 1 }
loss:
  alpha: 0.6 # more than what is missed
  beta: 0.4
batchSize: 3
`;

/** A base in a folder of its own and two files that extend it, one over the other. */
async function madeConfigs(): Promise<{ readonly dir: string; readonly last: string }> {
  const dir = await madeFolder();
  await mkdir(join(dir, "base"));
  await writeFile(join(dir, "base", "base.yaml"), BASE);
  await writeFile(join(dir, "middle.yaml"), "extends: base/base.yaml\nname: middle\nloss: { beta: 0.5 }\nseed: 7\n");
  const last = join(dir, "last.yaml");
  await writeFile(last, "extends: middle.yaml\nname: last\nnetwork:\n  kernel: 5\n");
  return { dir, last };
}

test("a config stands over what it extends, and settings over it", async () => {
  const { dir, last } = await madeConfigs();
  const config = await readTrainConfig(last, [
    "seed=8",
    "loss.alpha=0.9",
    "loss.deepSupervision=[0.5, 0.25]",
    "seed=9",
  ]);
  expect(config).toMatchObject({ name: "last", seed: 9, batchSize: 3 });
  expect(config.loss).toMatchObject({ alpha: 0.9, beta: 0.5, deepSupervision: [0.5, 0.25] });
  expect(config.network.options).toMatchObject({ widths: [2, 3, 4, 5, 6], passes: 1, kernel: 5 });
  expect(config.dataset).toBe(join(dir, "base", "data")); // relative to the file in which it stands
});

test("a path of a setting is relative to where the shell stands, and whole from then on: a run folder lies elsewhere", async () => {
  const { last } = await madeConfigs();
  const config = await readTrainConfig(last, ["dataset=data/mine", "initialWeights.file=weights.safetensors"]);
  expect(config.dataset).toBe(resolve("data/mine"));
  expect(config.initialWeights).toEqual({ file: resolve("weights.safetensors") });
  expect((await readTrainConfig(last, ["dataset=/elsewhere"])).dataset).toBe("/elsewhere");
});

test("each value says where it comes from", async () => {
  const { dir, last } = await madeConfigs();
  const found = await readMergedConfig(last, ["batchSize=5"]);
  const origins = originsOf(resolveTrainConfig(found, last), found);
  const from = (key: string): string => originText(origins.get(key) ?? { kind: "default" });
  const of = {
    name: `${last}:2`,
    seed: `${join(dir, "middle.yaml")}:4`,
    "loss.alpha": `${join(dir, "base", "base.yaml")}:5`,
    "loss.beta": `${join(dir, "middle.yaml")}:3`,
    "loss.exponent": "default",
    batchSize: "--set",
    "network.options.kernel": `${last}:4`,
    "network.options.passes": `${join(dir, "base", "base.yaml")}:3`,
    "network.options.widths": "preset tiny",
    "network.options.task": "default",
    "preprocessing.spacingMm.z": "default",
  };
  expect(Object.fromEntries(Object.keys(of).map((key) => [key, from(key)]))).toEqual(of);
  expect([...origins.keys()]).toContain("network.options.kernel");
});

test("what a recipe brings says so, and a file stands over it", async () => {
  const dir = await madeFolder();
  const path = join(dir, "a.yaml");
  await writeFile(
    path,
    "name: a\ndataset: d\nnetwork: { name: infnet, preset: tiny }\nrecipe: published\nloss:\n  edge: 0.5\n",
  );
  const found = await readMergedConfig(path);
  const origins = originsOf(resolveTrainConfig(found, path), found);
  expect(origins.get("loss.segmentation")).toEqual({ kind: "recipe" });
  expect(origins.get("loss.edge")).toEqual({ kind: "file", path, line: 6 });
});

test("a fault in another file, or in a setting, is told with its place", async () => {
  const { dir, last } = await madeConfigs();
  const base = join(dir, "base", "base.yaml");
  await writeFile(base, BASE.replace("batchSize: 3", "batchSize: 0"));
  await expect(readTrainConfig(last)).rejects.toThrow(
    `${last}: key batchSize: expected number to be >=1, came 0 (from ${base}:7)`,
  );
  await writeFile(base, BASE);
  await expect(readTrainConfig(last, ["epochs=x"])).rejects.toThrow(
    `${last}: key epochs: expected number, came "x" (from --set)`,
  );
  await expect(readTrainConfig(last, ["loss.lambda={from: 0, to: 1, epoch: 3}"])).rejects.toThrow(
    `${last}: unknown key loss.lambda.epoch; did you mean loss.lambda.epochs? (from --set)`,
  );
  await expect(readTrainConfig(last, ["loss.lambda={from: 0, to: 2, epochs: 3}"])).rejects.toThrow(
    `${last}: key loss.lambda.to: expected number to be <=1, came 2 (from --set)`,
  );
  await writeFile(base, `${BASE}sampling: { zzzz: 1 }\n`);
  await expect(readTrainConfig(last)).rejects.toThrow(
    new RegExp(`${last}: unknown key sampling.zzzz; known here: .*\\(from ${base}:8\\)$`),
  );
  await writeFile(base, BASE);
  await expect(readTrainConfig(last, ["epocs=1"])).rejects.toThrow(`${last}: unknown key epocs; did you mean epochs?`);
});

test("what another method of the optimiser brought is told with its place, and null takes it away", async () => {
  const { dir, last } = await madeConfigs();
  const base = join(dir, "base", "base.yaml");
  await writeFile(base, `${BASE}optimiser: { betas: [0.9, 0.99], learningRate: 0.01 }\n`);
  await expect(readTrainConfig(last, ["optimiser.method=sgd"])).rejects.toThrow(
    `${last}: unknown key optimiser.betas, which goes with method adam (from ${base}:8; null in its place takes it away)`,
  );
  const { optimiser } = await readTrainConfig(last, ["optimiser.method=sgd", "optimiser.betas=null"]);
  expect(optimiser).toMatchObject({ method: "sgd", learningRate: 0.01 });
});

test("null where nothing is inherited is no fault, and the default says so", async () => {
  const { last } = await madeConfigs();
  const found = await readMergedConfig(last, ["checkpointMinutes=null", "initialWeights=null"]);
  const config = resolveTrainConfig(found, last);
  expect(config).toMatchObject({ checkpointMinutes: 2 });
  expect(config).not.toHaveProperty("initialWeights");
  expect(originsOf(config, found).get("checkpointMinutes")).toEqual({ kind: "default" });
});

test("files that extend each other, or one that is not there, are refused", async () => {
  const { dir, last } = await madeConfigs();
  const base = join(dir, "base", "base.yaml");
  await writeFile(base, `extends: ../last.yaml\n${BASE}`);
  await expect(readTrainConfig(last)).rejects.toThrow(
    `${last}: key extends: goes round in a circle, ${[last, join(dir, "middle.yaml"), base, last].join(" extends ")}`,
  );
  await writeFile(base, `extends: none.yaml\n${BASE}`);
  await expect(readTrainConfig(last)).rejects.toThrow(
    `cannot read the config ${join(dir, "base", "none.yaml")}: there is no such file; ${base} extends it`,
  );
  await writeFile(base, `extends: 5\n${BASE}`);
  await expect(readTrainConfig(last)).rejects.toThrow(
    `${base}: key extends: expected the path of another config, came 5`,
  );
});

test.each([
  { setting: "seed", because: "expected KEY=VALUE, such as optimiser.learningRate=1e-3" },
  { setting: "seed=", because: "expected KEY=VALUE, such as optimiser.learningRate=1e-3" },
  { setting: "=4", because: "expected KEY=VALUE, such as optimiser.learningRate=1e-3" },
  { setting: "loss..alpha=4", because: "expected KEY=VALUE, such as optimiser.learningRate=1e-3" },
  { setting: "loss.levels=[1", because: "the value is not YAML: Flow sequence must end with a ]" },
])("the setting $setting is refused", async ({ setting, because }) => {
  const { last } = await madeConfigs();
  await expect(readTrainConfig(last, [setting])).rejects.toThrow(`--set ${setting}: ${because}`);
});
