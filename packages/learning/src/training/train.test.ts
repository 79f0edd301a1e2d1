import { readdirSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { readModelCard, runFolder } from "@multirnet/artifacts";
import { decodeSafetensors } from "@multirnet/engine";
import { createNetwork, encodeWeights, loadWeights } from "@multirnet/networks";
import { expect, test } from "vitest";

import { readTrainConfig } from "../config/train-config.js";
import type { TrainingEvent } from "./events.js";
import { readRunFacts } from "./run-facts.js";
import { madeConfig, madeTrainingSet, newRunPath, resultOf, RUN_FILES } from "./testing/made-training.js";
import { train } from "./train.js";

/** The files of a run; of those whose names say when they were made, how they begin. */
const filesOf = (path: string): string[] =>
  readdirSync(path, { recursive: true })
    .map(String)
    .filter((name) => statSync(join(path, name)).isFile())
    .map((name) => name.replace(/(tfevents)\..*/, "$1"))
    .sort();

test("a training leaves a run folder that says what was done, and weights that load", async () => {
  const config = madeConfig(await madeTrainingSet());
  const path = await newRunPath();
  const outcome = await train(config, path);

  // Seven cases in batches of three: three steps in each of two epochs.
  expect(outcome).toEqual({ run: runFolder(path), ended: "finished", steps: 6, bestEpoch: undefined });
  const pictures = [0, 1].flatMap((epoch) =>
    ["both-1", "both-2", "masked"].map((name) => `pictures/epoch-000${String(epoch)}-${name}.png`),
  );
  expect(filesOf(path)).toEqual([...RUN_FILES, "events/events.out.tfevents", ...pictures].sort());
  expect(await readTrainConfig(outcome.run.config)).toEqual(config);
  expect(await readModelCard(outcome.run.card)).toMatchObject({
    task: "joint",
    classes: ["covid-19", "cap", "normal"],
    labels: ["lesion"],
    data: { name: "made", masks: 6, diagnoses: 6, cases: expect.arrayContaining(["masked", "diagnosed"]) },
  });
  const bytes = await readFile(outcome.run.last);
  const network = createNetwork(config.network, 99);
  loadWeights(network, bytes, "last");
  expect(Buffer.from(encodeWeights(network))).toEqual(bytes);
  network.release();
});

test("the log has a line a step and a line an epoch, whose loss is the mean of its steps", async () => {
  const path = await newRunPath();
  await train(madeConfig(await madeTrainingSet()), path);
  const lines = (await readFile(runFolder(path).log, "utf8")).trimEnd().split("\n");
  const log = lines.map((line) => JSON.parse(line) as Record<string, number | string>);
  expect(log.map(({ kind, epoch, step }) => [kind, epoch, step])).toEqual([
    ...[1, 2, 3].map((step) => ["step", 0, step]),
    ["epoch", 0, undefined],
    ...[4, 5, 6].map((step) => ["step", 1, step]),
    ["epoch", 1, undefined],
  ]);
  const losses = log.slice(0, 3).map(({ loss }) => loss as number);
  expect(log[3]).toEqual({ kind: "epoch", epoch: 0, loss: losses.reduce((a, b) => a + b) / 3 });
  for (const { kind, loss, segmentation, diagnosis, seconds } of log) {
    if (kind !== "step") continue;
    expect(seconds).toBeGreaterThan(0);
    // The joint loss by its parts, each where something was known.
    const parts = 0.7 * ((segmentation as number | undefined) ?? 0) + 0.3 * ((diagnosis as number | undefined) ?? 0);
    expect(loss).toBeCloseTo(parts, 5);
  }
});

test("what happens is told as it happens", async () => {
  const events: TrainingEvent[] = [];
  const config = madeConfig(await madeTrainingSet(), { epochs: 1 });
  await train(config, await newRunPath(), { onEvent: (event) => events.push(event) });
  expect(events.slice(0, 7)).toEqual([1, 2, 3, 4, 5, 6, 7].map((done) => ({ kind: "preparing", done, of: 7 })));
  expect(events.slice(7)).toEqual(
    [3, 3, 1].map((cases, index) => ({
      kind: "step",
      step: index + 1,
      steps: 3,
      epoch: 0,
      cases,
      loss: expect.any(Number),
      seconds: expect.any(Number),
    })),
  );
});

test("the same seed gives the same weights and log, another seed others", async () => {
  const dataset = await madeTrainingSet();
  const once = async (seed: number): ReturnType<typeof resultOf> => {
    const path = await newRunPath();
    await train(madeConfig(dataset, { seed }), path);
    return resultOf(path);
  };
  const [first, again, other] = [await once(1), await once(1), await once(2)];
  expect(again).toEqual(first);
  expect(other.weights).not.toBe(first.weights);
  expect(other.log).not.toEqual(first.log);
});

test("checkpoints that are written on the way change nothing", async () => {
  const dataset = await madeTrainingSet();
  const [rarely, always] = [await newRunPath(), await newRunPath()];
  await train(madeConfig(dataset), rarely);
  await train(madeConfig(dataset, { checkpointMinutes: 0 }), always);
  expect(await resultOf(always)).toEqual(await resultOf(rarely));
});

test("regions made ahead on threads, and gradients taken in stretches, change nothing but the time", async () => {
  const dataset = await madeTrainingSet();
  const [plain, ahead, stretched] = [await newRunPath(), await newRunPath(), await newRunPath()];
  await train(madeConfig(dataset), plain);
  await train(madeConfig(dataset), ahead, { workers: 2 });
  expect(await resultOf(ahead)).toEqual(await resultOf(plain));
  await train(madeConfig(dataset, { activationStretches: 3 }), stretched);
  const losses = async (path: string): Promise<number[]> =>
    (await resultOf(path)).log.flatMap((line) => ("loss" in line ? (line.loss as number) : []));
  const found = await losses(stretched);
  for (const [i, loss] of (await losses(plain)).entries()) expect(found[i]).toBeCloseTo(loss, 4);
});

test("a training in mixed precision learns, and is its own training", async () => {
  const dataset = await madeTrainingSet();
  const [plain, mixed] = [await newRunPath(), await newRunPath()];
  await train(madeConfig(dataset), plain);
  await train(madeConfig(dataset, { precision: "mixed" }), mixed);
  const losses = async (path: string): Promise<number[]> =>
    (await resultOf(path)).log.flatMap((line) => ("loss" in line ? (line.loss as number) : []));
  const [own, other] = [await losses(plain), await losses(mixed)];
  expect(other).not.toEqual(own);
  for (const [i, loss] of own.entries()) expect(Math.abs((other[i] as number) - loss)).toBeLessThan(0.05 * loss);
});

test("what predicts is the average of the weights, where one is kept", async () => {
  const dataset = await madeTrainingSet();
  const [plain, averaged] = [await newRunPath(), await newRunPath()];
  await train(madeConfig(dataset, { optimiser: { learningRate: 1e-2 } }), plain);
  const run = runFolder(averaged);
  await train(madeConfig(dataset, { optimiser: { learningRate: 1e-2, averageDecay: 0.9 } }), averaged);
  const last = decodeSafetensors(await readFile(runFolder(plain).last), "last");
  const average = decodeSafetensors(await readFile(run.last), "last");
  const state = decodeSafetensors(await readFile(run.lastState), "state");
  expect([...average.keys()]).toEqual([...last.keys()]);
  for (const [name, tensor] of average) {
    expect(tensor.toNumbers()).toEqual(state.get(`average.${name}`)?.toNumbers());
    expect(state.get(`weights.${name}`)?.toNumbers()).toEqual(last.get(name)?.toNumbers()); // learning itself is as without
  }
});

test("a run says by what it was made", async () => {
  const dataset = await madeTrainingSet();
  const path = await newRunPath();
  await train(madeConfig(dataset, { epochs: 1, seed: 5 }), path, { fold: 1 });
  const facts = await readRunFacts(runFolder(path).run);
  expect(facts).toEqual({
    name: "made",
    fold: 1,
    seed: 5,
    dataset: expect.stringMatching(/^[0-9a-f]{64}$/),
    cases: {
      train: ["both-1", "normal", "masked", "both-3"],
      validation: [],
      test: ["both-2", "diagnosed", "both-4"],
      apart: [],
    },
    versions: { multirnet: expect.any(String), libtorch: expect.any(String), node: process.version },
    commit: facts.commit, // see commit.test.ts
    threads: expect.any(Number),
    host: { name: expect.any(String), cpus: expect.any(Number) },
    started: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
  });
});
