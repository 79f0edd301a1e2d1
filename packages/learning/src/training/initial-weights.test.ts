import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { digestOf, readModelCard, runFolder } from "@multirnet/artifacts";
import {
  createNetwork,
  encodeWeights,
  loadWeights,
  resolveNetwork,
  undrawnNetwork,
  type Network,
} from "@multirnet/networks";
import { loadModel } from "@multirnet/inference";
import { stringify } from "yaml";
import { expect, test } from "vitest";

import { readTrainConfig, type TrainConfig } from "../config/train-config.js";
import { measureRun } from "../measuring/measure-run.js";
import { readRunFacts } from "./run-facts.js";
import { madeConfig, madeTrainingSet, newRunPath, resultOf } from "./testing/made-training.js";
import { resumeTraining, train } from "./train.js";
import { trainFolds } from "./train-folds.js";

const drawn = (seed: number, options: Record<string, unknown> = {}): Network =>
  createNetwork(resolveNetwork({ name: "multirnet", preset: "tiny", ...options }), seed);

/** A training whose rate is so low that its weights stay where they began, to a millionth. */
async function trained(weights: Network, part?: string): Promise<{ config: TrainConfig; path: string; file: string }> {
  const dataset = await madeTrainingSet();
  const file = join(dataset, "w.safetensors");
  await writeFile(file, encodeWeights(weights));
  const initialWeights = { file, ...(part === undefined ? {} : { part }) };
  const config = madeConfig(dataset, { initialWeights, epochs: 1, optimiser: { learningRate: 1e-9 } });
  return { config, path: await newRunPath(), file };
}

async function weightOf(path: string, name: string): Promise<number[] | undefined> {
  const network = undrawnNetwork(resolveNetwork({ name: "multirnet", preset: "tiny" }));
  loadWeights(network, await readFile(runFolder(path).last), "last");
  return network.state().get(name)?.toNumbers();
}

const ENCODER = "segmentation.down.0.halve.unit.convolution.weight";
const HEAD = "classifier.head.weight";
const near = (network: Network, name: string): unknown =>
  network
    .state()
    .get(name)
    ?.toNumbers()
    .map((value) => expect.closeTo(value, 5) as unknown);

test("a training begins with the whole file, and says so in run.json and on the card", async () => {
  const { config, path, file } = await trained(drawn(77));
  await train(config, path);
  expect(await weightOf(path, ENCODER)).toEqual(near(drawn(77), ENCODER));
  expect(await weightOf(path, HEAD)).toEqual(near(drawn(77), HEAD));
  const digest = digestOf(await readFile(file));
  expect((await readRunFacts(runFolder(path).run)).initialWeights).toBe(digest);
  expect((await readModelCard(runFolder(path).card)).data.notes).toBe(
    `The network began with all of weights trained elsewhere (SHA-256 ${digest}).`,
  );
});

test("with a part, the rest is drawn as without the file", async () => {
  const { config, path } = await trained(drawn(77), "segmentation");
  await train(config, path);
  expect(await weightOf(path, ENCODER)).toEqual(near(drawn(77), ENCODER));
  expect(await weightOf(path, HEAD)).toEqual(near(drawn(config.seed), HEAD));
});

test("resumed before its first checkpoint, it begins with the same weights", async () => {
  const { config, path } = await trained(drawn(77));
  const whole = await newRunPath();
  await train(config, whole);
  await train(config, path, { signal: AbortSignal.abort() });
  await resumeTraining(path);
  expect(await resultOf(path)).toEqual(await resultOf(whole));
});

test("a file that changed since is told, and the run left alone", async () => {
  const { config, path, file } = await trained(drawn(77));
  await train(config, path, { signal: AbortSignal.abort() });
  await writeFile(file, encodeWeights(drawn(78)));
  await expect(resumeTraining(path)).rejects.toMatchObject({
    code: "TRAINING_CHANGED",
    message: expect.stringMatching(/its initial weights was [0-9a-f]{64} and is [0-9a-f]{64} now/),
  });
});

test.each([
  {
    what: "another network's",
    weights: () => drawn(1, { task: "diagnosis" }),
    part: undefined,
    words: /\d+ missing \(segmentation\./,
  },
  {
    what: "of a part that there is not",
    weights: () => drawn(1),
    part: "backbone",
    words: /has no part backbone; its first parts are segmentation, classifier$/,
  },
])("weights $what are refused before a run folder is made", async ({ weights, part, words }) => {
  const { config, path, file } = await trained(weights(), part);
  await expect(train(config, path)).rejects.toMatchObject({
    code: "INITIAL_WEIGHTS",
    message: expect.stringMatching(words),
  });
  await expect(train(config, path)).rejects.toThrow(`cannot begin with the weights ${file}: `);
  expect(existsSync(path)).toBe(false);
});

test("a file that is not there is refused by its path, which is relative to the config", async () => {
  const dataset = await madeTrainingSet();
  const config = join(dataset, "c.yaml");
  const given = { name: "made", dataset: ".", network: { name: "multirnet", preset: "tiny" } };
  await writeFile(config, stringify({ ...given, initialWeights: { file: "none.safetensors" } }));
  const path = await newRunPath();
  await expect(train(await readTrainConfig(config), path)).rejects.toThrow(
    `cannot begin with the weights ${join(dirname(config), "none.safetensors")}: ENOENT`,
  );
  expect(existsSync(path)).toBe(false);
});

test("cases by which the weights were made elsewhere are no new cases, where their card says so", async () => {
  const dataset = await madeTrainingSet();
  const [first, second] = [await newRunPath(), await newRunPath()];
  await train(madeConfig(dataset, { epochs: 1 }), first); // on all cases
  const file = runFolder(first).last;
  await train(madeConfig(dataset, { epochs: 1, initialWeights: { file } }), second, { fold: 0 });
  expect((await readModelCard(runFolder(second).card)).data.cases).toHaveLength(7);
  const { cases, seenInTraining } = await measureRun(second);
  expect(cases.map((one) => one.case)).toEqual(["both-1", "masked"]);
  expect(seenInTraining).toEqual(["both-1", "masked"]);

  // The folds of such a training have all seen all cases; each mask and diagnosis still counts once.
  const folds = await newRunPath();
  await trainFolds(madeConfig(dataset, { epochs: 1, initialWeights: { file } }), folds);
  const { card, network } = await loadModel(folds);
  network.release();
  expect(card.data).toMatchObject({ masks: 6, diagnoses: 6 }); // one case has no mask, another no diagnosis
});
