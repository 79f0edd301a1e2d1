import { existsSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";

import { runFolder } from "@multirnet/artifacts";
import { readSafetensors } from "@multirnet/engine";
import { afterAll, beforeAll, expect, test } from "vitest";

import { madeConfig, newRunPath, resultOf, sharedTrainingSet } from "./testing/made-training.js";
import { train } from "./train.js";

let folder = "";
beforeAll(async () => {
  folder = await sharedTrainingSet();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface EpochLine {
  readonly kind: string;
  readonly epoch: number;
  readonly validation?: { readonly score: number };
}
async function epochsOf(path: string): Promise<EpochLine[]> {
  return ((await resultOf(path)).log as readonly EpochLine[]).filter(({ kind }) => kind === "epoch");
}

/** Weights that do not move, so that no validation is better than the first: instance norms, whose statistics are those of the input. */
const STILL = {
  network: { name: "multirnet", preset: "tiny", norm: "instance", task: "segmentation" },
  optimiser: { learningRate: 1e-30 },
};

test("the best weights are those of the epoch that validated best, the first among equals", async () => {
  const path = await newRunPath();
  const given = { epochs: 4, validation: { share: 0.3 }, optimiser: { learningRate: 0.02 } };
  const { bestEpoch } = await train(madeConfig(join(folder, "data"), given), path);
  const scores = (await epochsOf(path)).map(({ validation }) => validation?.score ?? NaN);
  expect(scores).toHaveLength(4);
  expect(bestEpoch).toBe(scores.indexOf(Math.max(...scores)));
  // A training of so many epochs ends with these weights.
  const shorter = await newRunPath();
  await train(madeConfig(join(folder, "data"), { ...given, epochs: (bestEpoch ?? 0) + 1 }), shorter);
  expect(readFileSync(runFolder(path).best)).toEqual(readFileSync(runFolder(shorter).last));
});

test("patience ends a training that does not get better, and the first weights stay the best", async () => {
  const path = await newRunPath();
  const config = madeConfig(join(folder, "data"), { ...STILL, epochs: 9, validation: { share: 0.3, patience: 2 } });
  expect(await train(config, path)).toMatchObject({ ended: "finished", bestEpoch: 0, steps: 6 });
  expect((await epochsOf(path)).map(({ epoch }) => epoch)).toEqual([0, 1, 2]);
});

test("validation comes every so many epochs, and after the last", async () => {
  const path = await newRunPath();
  const validation = { share: 0.3, everyEpochs: 3, patience: 100 };
  await train(madeConfig(join(folder, "data"), { ...STILL, epochs: 5, validation }), path);
  const validated = (await epochsOf(path)).filter(({ validation: scores }) => scores !== undefined);
  expect(validated.map(({ epoch }) => epoch)).toEqual([2, 4]);
});

test("without cases set apart there is no best, and the last weights count", async () => {
  const path = await newRunPath();
  const outcome = await train(madeConfig(join(folder, "data"), { ...STILL, epochs: 1 }), path);
  expect(outcome.bestEpoch).toBeUndefined();
  expect([existsSync(outcome.run.best), existsSync(outcome.run.last)]).toEqual([false, true]);
});

test("weights that are not numbers are never written over a state that can go on", async () => {
  const path = await newRunPath();
  const config = madeConfig(join(folder, "data"), { optimiser: { learningRate: 1e300 }, checkpointMinutes: 0 });
  await expect(train(config, path)).rejects.toMatchObject({
    code: "TRAINING_NOT_FINITE",
    message: expect.stringMatching(
      /^the weights of step 1 \(epoch 0; cases [\w-]+, [\w-]+, [\w-]+\) are not all numbers; what went wrong first: weight [\w.]+$/,
    ),
  });
  expect(existsSync(runFolder(path).lastState)).toBe(false);
});

test("a loss that is not a number ends the training with the step, the cases and the place, and moves nothing", async () => {
  const path = await newRunPath();
  // The first step throws the weights as far as the rate says; what the second makes of its input has no number.
  const config = madeConfig(join(folder, "data"), { optimiser: { learningRate: 1e30 }, checkpointMinutes: 0 });
  const failed = train(config, path);
  await expect(failed).rejects.toMatchObject({
    code: "TRAINING_NOT_FINITE",
    problem: { step: 2, epoch: 0, cases: [expect.any(String), expect.any(String), expect.any(String)] },
    message: expect.stringMatching(
      /^the loss of step 2 \(epoch 0; cases [\w-]+, [\w-]+, [\w-]+\) is not a number; what went wrong first: the output of \S+( in \S+)?$/,
    ),
  });
  expect((await resultOf(path)).log).toMatchObject([{ kind: "step", step: 1 }]);
  const { metadata } = readSafetensors(readFileSync(runFolder(path).lastState), "state");
  expect(JSON.parse(metadata["position"] ?? "")).toMatchObject({ epoch: 0, step: 1, steps: 1, logLines: 1 });
});
