import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";

import { chromeTrace, joinedProfiles, profiled, threads, type Profile } from "@multirnet/engine";
import {
  LearningError,
  measureRun,
  readTrainConfig,
  resumeTraining,
  train as startTraining,
  type TrainingEvent,
  type TrainingOutcome,
} from "@multirnet/learning";
import { z } from "zod";

import { command, type Answer } from "../command.js";
import type { Io } from "../io.js";
import { measuredText } from "../measured-text.js";
import { whole } from "../options.js";
import { profileText } from "../profile-text.js";
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
    profile: {
      says: "print time, calls, bytes and GFLOP/s of steps 3 to 5 by operator and by module to standard error",
    },
    trace: { value: "file", says: "write the profile of these steps as a Chrome trace (chrome://tracing, Perfetto)" },
  },
  input: z.strictObject({
    config: z.string().optional(),
    out: z.string().optional(),
    fold: whole(0).optional(),
    resume: z.string().optional(),
    device: z.literal("cpu", "expected cpu: training on other devices comes later").default("cpu"),
    profile: z.boolean().default(false),
    trace: z.string().optional(),
  }),
  async run({ config: path, out, fold, resume, profile, trace }, io) {
    const options = {
      ...(profile || trace !== undefined ? { aroundStep: profiling({ prints: profile, trace }, io) } : {}),
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

const PROFILED = { first: 3, last: 5 }; // the first two meet new sizes

/** Looks at a few steps, and says what it saw after the last of them. */
function profiling(
  { prints, trace }: { readonly prints: boolean; readonly trace: string | undefined },
  io: Io,
): <T>(step: number, body: () => T) => T {
  const profiles: Profile[] = [];
  return (step, body) => {
    if (step < PROFILED.first || step > PROFILED.last) return body();
    const { result, profile } = profiled(body);
    profiles.push(profile);
    if (step === PROFILED.last) {
      const all = joinedProfiles(profiles);
      if (prints) io.log(profileText(all));
      if (trace !== undefined) writeFileSync(trace, chromeTrace(all));
    }
    return result;
  };
}

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

/** Measures the finished weights on the held-back cases, which writes `metrics.json` and `predictions/`. */
async function answerOf({ run, ended, steps, bestEpoch }: TrainingOutcome, io: Io): Promise<Answer> {
  const json = { run: run.path, bestEpoch: bestEpoch ?? { undefined: "without validation the last weights count" } };
  const undone = (reason: string, text: string): Answer => ({
    json: { ...json, metrics: { undefined: reason } },
    text,
  });
  if (ended === "aborted") {
    const goOn = `go on with: multirnet train --resume ${run.path} --threads ${String(threads())}`;
    return undone("stopped before its end", `${basename(run.path)} stopped after ${String(steps)} steps; ${goOn}`);
  }
  const done = `${run.path}: ${String(steps)} steps`;
  try {
    const metrics = await measureRun(run.path, {
      signal: io.signal,
      onCase: (count, of, measured) => {
        io.progress(count, of, `held-back cases measured, ${measured}`);
      },
    });
    return { json: { ...json, metrics }, text: `${done}\n\n${measuredText(metrics)}` };
  } catch (error) {
    if (!(error instanceof LearningError && error.code === "MEASURE_NO_CASES")) throw error;
    return undone("no case was held back", `${done}; no case was held back to measure on`);
  }
}
