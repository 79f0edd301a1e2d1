import { cpSync, existsSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { madeFolder } from "../dataset/testing/made-dataset.js";
import type { TrainConfig } from "../config/train-config.js";
import { madeConfig, newRunPath, resultOf, sharedTrainingSet, type TrainingResult } from "./testing/made-training.js";
import type { TrainingEvent, TrainingOutcome } from "./events.js";
import { resumeTraining, train } from "./train.js";

// Five cases train in batches of two, three steps an epoch; two validate at the end of each.
const VALIDATING = { batchSize: 2, validation: { share: 0.3 } };

/** Trains until an event, and stops there as Ctrl-C does. */
async function stoppedAt(
  path: string,
  config: TrainConfig,
  isTheMoment: (event: TrainingEvent) => boolean,
): Promise<TrainingOutcome> {
  const stop = new AbortController();
  return train(config, path, {
    signal: stop.signal,
    onEvent: (event) => {
      if (isTheMoment(event)) stop.abort();
    },
  });
}

let folder = "";
let undisturbed: { readonly outcome: TrainingOutcome; readonly result: TrainingResult };
const config = (): TrainConfig => madeConfig(join(folder, "data"), VALIDATING);
beforeAll(async () => {
  folder = await sharedTrainingSet();
  const outcome = await train(config(), join(folder, "whole"));
  undisturbed = { outcome, result: await resultOf(outcome.run.path) };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each([
  { when: "while cases are prepared", at: { kind: "preparing", done: 2 }, steps: 0 },
  { when: "inside an epoch", at: { kind: "step", step: 2 }, steps: 2 },
  { when: "at an epoch's last step", at: { kind: "step", step: 3 }, steps: 3 },
  { when: "during a validation", at: { kind: "validating", epoch: 0 }, steps: 3 },
  { when: "after the first epoch", at: { kind: "step", step: 4 }, steps: 4 },
  { when: "during the last validation", at: { kind: "validating", epoch: 1 }, steps: 6 },
])("stopped $when and resumed, a training ends as if it had never stopped", async ({ at, steps }) => {
  const path = await newRunPath();
  const stopped = await stoppedAt(path, config(), (event) =>
    Object.entries(at).every(([key, value]) => event[key as keyof TrainingEvent] === value),
  );
  expect(stopped).toMatchObject({ ended: "aborted", steps });
  const resumed = await resumeTraining(path);
  expect(resumed).toEqual({ ...undisturbed.outcome, run: resumed.run });
  expect(await resultOf(path)).toEqual(undisturbed.result);
});

test("all that a training can carry from step to step comes back", async () => {
  const config = madeConfig(join(folder, "data"), {
    ...VALIDATING,
    batchSize: 1,
    epochs: 3,
    sampling: { balance: ["diagnosis", "severity"], regionsPerCase: 2 },
    loss: { lambda: { from: 0, to: 0.5, epochs: 2 }, classWeights: "balanced" },
    optimiser: {
      method: "sgd",
      momentum: 0.9,
      schedule: "plateau",
      plateau: { factor: 0.5, patience: 1 },
      warmUpEpochs: 0.4,
      clipNorm: 1,
      accumulate: 2,
      averageDecay: 0.9,
    },
  });
  const [whole, pieces] = [await newRunPath(), await newRunPath()];
  const outcome = await train(config, whole, { workers: 1 });
  expect(outcome.steps).toBe(15); // ten looks in each of three epochs, two a step
  const result = await resultOf(whole);
  const rates = result.log.flatMap((line) => ("learningRate" in line ? (line.learningRate as number) : []));
  expect(new Set(rates).size).toBeGreaterThan(2); // it warms up, and falls on a plateau
  await stoppedAt(pieces, config, (event) => event.kind === "step" && event.step === 4);
  for (const at of [7, 11, Infinity]) {
    const stop = new AbortController();
    const onEvent = (event: TrainingEvent): void => {
      if (event.kind === "step" && event.step === at) stop.abort();
    };
    await resumeTraining(pieces, { signal: stop.signal, onEvent });
  }
  expect(await resultOf(pieces)).toEqual(result);
});

test("stopped again and again, without validation, it ends the same", async () => {
  const config = madeConfig(join(folder, "data"), { epochs: 1, batchSize: 2 });
  const [whole, pieces] = [await newRunPath(), await newRunPath()];
  await train(config, whole);
  await stoppedAt(pieces, config, (event) => event.kind === "step");
  for (let times = 0; times < 3; times++) {
    const stop = new AbortController();
    const onEvent = ({ kind }: TrainingEvent): void => {
      if (kind === "step") stop.abort();
    };
    await resumeTraining(pieces, { signal: stop.signal, onEvent });
  }
  expect(await resumeTraining(pieces)).toMatchObject({ ended: "finished", steps: 4 });
  expect(await resultOf(pieces)).toEqual(await resultOf(whole));
});

test("a training that has ended is not gone on with, and stays as it is", async () => {
  const events: TrainingEvent[] = [];
  const { path } = undisturbed.outcome.run;
  expect(await resumeTraining(path, { onEvent: (event) => events.push(event) })).toEqual(undisturbed.outcome);
  expect(events).toEqual([]);
  expect(await resultOf(path)).toEqual(undisturbed.result);
});

test.skipIf(process.platform !== "linux")("a training that is running is not gone on with beside it", async () => {
  const path = await newRunPath();
  const refused: unknown[] = [];
  let trying: Promise<void> | undefined;
  await train(config(), path, {
    onEvent: ({ kind }) => {
      if (kind !== "step" || trying !== undefined) return;
      writeFileSync(join(path, ".metrics.json.0123456789ab.tmp"), ""); // as if it were writing
      trying = resumeTraining(path).then(
        () => undefined,
        (error: unknown) => void refused.push(error),
      );
    },
  });
  await trying;
  expect(refused).toEqual([expect.objectContaining({ code: "RUN_BUSY" })]);
  expect(existsSync(join(path, ".metrics.json.0123456789ab.tmp"))).toBe(true);
  expect(await resultOf(path)).toEqual(undisturbed.result);
});

test("a copy of the run taken at any moment goes on to the same end", async () => {
  // What a power cut leaves: the log is ahead of the checkpoint. With checkpoints some times a second there are several to go on from.
  const folder = await madeFolder();
  const original = join(folder, "run");
  const copies: string[] = [];
  const onEvent = (event: TrainingEvent): void => {
    if (event.kind === "preparing" || (event.kind === "step" && event.step % 2 === 0)) return;
    const copy = join(folder, `copy ${copies.length}`);
    cpSync(original, copy, { recursive: true });
    copies.push(copy);
  };
  await train({ ...config(), checkpointMinutes: 0.003 }, original, { onEvent });
  expect(await resultOf(original)).toEqual(undisturbed.result);
  expect(copies).toHaveLength(5); // after steps 1, 3 and 5, and as each validation begins
  for (const copy of copies) {
    await resumeTraining(copy);
    expect(await resultOf(copy)).toEqual(undisturbed.result);
  }
});
