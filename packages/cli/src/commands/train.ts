import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";

import { chromeTrace, joinedProfiles, profiled, threads, type Profile } from "@multirnet/engine";
import {
  LearningError,
  measureRun,
  readTrainConfig,
  resumeFolds,
  resumeTraining,
  trainFolds,
  writeRunReport,
  train as startTraining,
  type FoldsOutcome,
  type TrainingEvent,
  type TrainingOutcome,
} from "@multirnet/learning";
import { z } from "zod";

import { command, type Answer } from "../command.js";
import type { Io } from "../io.js";
import { measuredText } from "../measured-text.js";
import { foldList, whole } from "../options.js";
import { profileText } from "../profile-text.js";
import { UsageError } from "../usage-error.js";

export const train = command({
  name: "train",
  summary: "Train one network into a run folder, and measure it on the cases that were held back.",
  args: [{ name: "config", says: "YAML file", optional: true }],
  options: {
    out: { value: "dir", says: "run folder; default runs/NAME-DATE" },
    set: { value: "key=value", says: "put a value over the config's, such as optimiser.learningRate=1e-3", many: true },
    fold: { value: "k", says: "the fold that is held back" },
    folds: { value: "all|k,k", says: "a run for each fold, and all cases measured by the one that had not seen them" },
    resume: {
      value: "run",
      says: "go on with this run instead of starting one; of the folds of one, with the next that no other process trains",
    },
    device: { value: "d", says: "cpu" },
    workers: {
      value: "n",
      says: "threads that make regions ready while a step runs; default 1, the result is the same",
    },
    profile: {
      says: "print time, calls, bytes and GFLOP/s of steps 3 to 5 by operator and by module to standard error",
    },
    trace: { value: "file", says: "write the profile of these steps as a Chrome trace (chrome://tracing, Perfetto)" },
  },
  input: z.strictObject({
    config: z.string().optional(),
    out: z.string().optional(),
    set: z.array(z.string()).default([]),
    fold: whole(0).optional(),
    folds: foldList().optional(),
    resume: z.string().optional(),
    device: z.literal("cpu", "expected cpu: training on other devices comes later").default("cpu"),
    workers: whole(0).default(1),
    profile: z.boolean().default(false),
    trace: z.string().optional(),
  }),
  async run({ config: path, out, set, fold, folds, resume, workers, profile, trace }, io) {
    const options = {
      ...(profile || trace !== undefined ? { aroundStep: profiling({ prints: profile, trace }, io) } : {}),
      workers,
      signal: io.signal,
      onEvent: (event: TrainingEvent, ofFold?: number) => {
        showEvent(event, io, ofFold);
      },
    };
    if (resume !== undefined) {
      if (path !== undefined || out !== undefined || fold !== undefined || folds !== undefined || set.length > 0) {
        throw new UsageError(
          "--resume goes on with a run as it was begun: give no config, --out, --set, --fold or --folds with it",
        );
      }
      const all = await resumeFolds(resume, options);
      return all === undefined
        ? answerOf(runDone(await resumeTraining(resume, options)), io)
        : answerOf(foldsDone(all), io);
    }
    if (fold !== undefined && folds !== undefined) throw new UsageError("expected --fold or --folds, came both");
    if (path === undefined) throw new UsageError("a config file, or --resume RUN, was expected");
    const config = await readTrainConfig(path, set);
    const date = new Date()
      .toISOString()
      .replaceAll(/[-:]|\..*/g, "")
      .replace("T", "-");
    const folder = out ?? join("runs", `${config.name}-${date}`);
    if (folds === undefined) return answerOf(runDone(await startTraining(config, folder, { ...options, fold })), io);
    return answerOf(
      foldsDone(await trainFolds(config, folder, { ...options, folds: folds === "all" ? undefined : folds })),
      io,
    );
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

function showEvent(event: TrainingEvent, io: Io, fold: number | undefined): void {
  const within = fold === undefined ? "" : `fold ${String(fold)}, `;
  switch (event.kind) {
    case "preparing":
      io.progress(event.done, event.of, "cases prepared");
      break;
    case "step": {
      const rate = (event.cases / event.seconds).toFixed(2);
      io.progress(
        event.step,
        event.steps,
        `steps, ${within}epoch ${String(event.epoch)}, loss ${event.loss.toFixed(4)}, ${rate} cases/s`,
      );
      break;
    }
    case "validating":
      io.log(`${within}validating epoch ${String(event.epoch)}`);
      break;
  }
}

/** What was trained, one run or a cross validation. */
interface Trained {
  readonly path: string;
  readonly runs: readonly string[];
  readonly ended: TrainingOutcome["ended"];
  readonly steps: string;
  readonly bestEpoch: number | undefined;
  readonly elsewhere: readonly number[]; // folds that other processes train
}

function runDone({ run, ended, steps, bestEpoch }: TrainingOutcome): Trained {
  return { path: run.path, runs: [run.path], ended, steps: `${String(steps)} steps`, bestEpoch, elsewhere: [] };
}

function foldsDone({ path, ended, outcomes, elsewhere }: FoldsOutcome): Trained {
  const runs = outcomes.map(({ run }) => run.path);
  const steps = `${outcomes.map((one) => one.steps).join(", ")} steps`;
  return { path, runs, ended, steps, bestEpoch: undefined, elsewhere };
}

/** Measures the finished weights on the held-back cases, which writes `metrics.json` and `predictions/`, and then each run's report. */
async function answerOf(trained: Trained, io: Io): Promise<Answer> {
  const answer = await measuredAnswer(trained, io);
  for (const run of trained.runs) io.log(`report: ${await writeRunReport(run)}`);
  return answer;
}

async function measuredAnswer({ path, ended, steps, bestEpoch, elsewhere }: Trained, io: Io): Promise<Answer> {
  const json = { run: path, bestEpoch: bestEpoch ?? { undefined: "without validation the last weights count" } };
  const undone = (reason: string, text: string): Answer => ({
    json: { ...json, metrics: { undefined: reason } },
    text,
  });
  if (ended === "aborted") {
    const goOn = `go on with: multirnet train --resume ${path} --threads ${String(threads())}`;
    return undone("stopped before its end", `${basename(path)} stopped after ${steps}; ${goOn}`);
  }
  const done = `${path}: ${steps}`;
  if (elsewhere.length > 0) {
    const busy = `fold ${elsewhere.join(", ")} is being trained by another process`;
    return undone(busy, `${done}; ${busy}; when it has ended: multirnet evaluate ${path}`);
  }
  try {
    const metrics = await measureRun(path, {
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
