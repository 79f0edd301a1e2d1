import { basename, join } from "node:path";

import { writeJson } from "@multirnet/artifacts";
import { loadModel } from "@multirnet/inference";
import {
  casesOf,
  measureCases,
  readRunFacts,
  readTrainConfig,
  resumeTraining,
  train as startTraining,
  type TrainingEvent,
  type TrainingOutcome,
} from "@multirnet/learning";
import { z } from "zod";

import { command, type Answer } from "../command.js";
import type { Io } from "../io.js";
import { UsageError } from "../usage-error.js";

export const train = command({
  name: "train",
  summary: "Train one network into a run folder, and measure it on the cases that were held back.",
  args: [{ name: "config", says: "YAML file", optional: true }],
  options: {
    out: { value: "dir", says: "run folder; default runs/NAME-DATE" },
    fold: { value: "k", says: "the fold that is held back" },
    resume: { value: "run", says: "go on with this run instead of starting one" },
    device: { value: "d", says: "cpu" },
  },
  input: z.strictObject({
    config: z.string().optional(),
    out: z.string().optional(),
    fold: z.coerce.number().int().min(0).optional(),
    resume: z.string().optional(),
    device: z.literal("cpu", "expected cpu: training on other devices comes later").default("cpu"),
  }),
  async run({ config: path, out, fold, resume }, io) {
    const options = {
      signal: io.signal,
      onEvent: (event: TrainingEvent) => {
        showEvent(event, io);
      },
    };
    if (resume !== undefined) {
      if (path !== undefined || out !== undefined || fold !== undefined) {
        throw new UsageError("--resume goes on with a run as it was begun: give no config, --out or --fold with it");
      }
      return answerOf(await resumeTraining(resume, options), io);
    }
    if (path === undefined) throw new UsageError("a config file, or --resume RUN, was expected");
    const config = await readTrainConfig(path);
    const date = new Date()
      .toISOString()
      .replaceAll(/[-:]|\..*/g, "")
      .replace("T", "-");
    const folder = out ?? join("runs", `${config.name}-${date}`);
    return answerOf(await startTraining(config, folder, { ...options, fold }), io);
  },
});

function showEvent(event: TrainingEvent, io: Io): void {
  switch (event.kind) {
    case "preparing":
      io.progress(event.done, event.of, "cases prepared");
      break;
    case "step": {
      const rate = (event.cases / event.seconds).toFixed(2);
      io.progress(
        event.step,
        event.steps,
        `steps, epoch ${String(event.epoch)}, loss ${event.loss.toFixed(4)}, ${rate} cases/s`,
      );
      break;
    }
    case "validating":
      io.log(`validating epoch ${String(event.epoch)}`);
      break;
  }
}

/** Measures the finished weights on the held-back cases, and writes `metrics.json`. */
async function answerOf({ run, ended, steps, bestEpoch }: TrainingOutcome, io: Io): Promise<Answer> {
  const name = basename(run.path);
  if (ended === "aborted") {
    return {
      json: {
        run: run.path,
        bestEpoch: bestEpoch ?? null,
        metrics: { undefined: "stopped before its end" },
        resumable: true,
      },
      text: `${name} stopped after ${String(steps)} steps; go on with: multirnet train --resume ${run.path}`,
    };
  }
  const config = await readTrainConfig(run.config);
  const { fold } = await readRunFacts(run.run);
  const { dataset, test } = await casesOf(config, fold);
  const json = { run: run.path, bestEpoch: bestEpoch ?? null };
  if (test.length === 0) {
    const metrics = { undefined: "no case was held back" };
    return {
      json: { ...json, metrics },
      text: `${run.path}: ${String(steps)} steps; no case was held back to measure on`,
    };
  }
  const model = await loadModel(run.path);
  const metrics = await measureCases(model, dataset, test, {
    signal: io.signal,
    onCase: (done, of, measured) => {
      io.progress(done, of, `held-back cases measured, ${measured}`);
    },
  });
  await writeJson(run.metrics, metrics);
  return {
    json: { ...json, metrics },
    text: `${run.path}: ${String(steps)} steps\n${JSON.stringify(metrics, undefined, 2)}`,
  };
}
