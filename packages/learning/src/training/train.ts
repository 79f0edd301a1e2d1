import { mkdir } from "node:fs/promises";

import {
  createRun,
  EventFile,
  holdRun,
  readState,
  reopenRun,
  RunLog,
  writeJson,
  writeModelCard,
  writeYaml,
  type RunFolder,
} from "@multirnet/artifacts";
import { fileErrorOf } from "@multirnet/base/node";
import { threads } from "@multirnet/engine";
import { compiled, createNetwork, overVolumes } from "@multirnet/networks";

import { readTrainConfig, type TrainConfig } from "../config/train-config.js";
import { LearningError, type TrainingChange } from "../errors.js";
import { createOptimiser } from "../optimisers/optimiser.js";
import { WeightAverage } from "../optimisers/weight-average.js";
import { cardOf } from "./card.js";
import { casesOf, type TrainingCases } from "./cases.js";
import type { TrainingOptions, TrainingOutcome } from "./events.js";
import { requireFrozenParts } from "./frozen.js";
import { readInitialWeights, type InitialWeights } from "./initial-weights.js";
import { outcomeOf, trainFrom } from "./loop.js";
import { factsOf, readRunFacts } from "./run-facts.js";
import { loadState, START, weightsOfState } from "./state.js";

/**
 * Trains a network from a config into a new run folder.
 *
 * @param options `fold`: which fold is held back, and never looked at; none trains on all training cases
 * @throws LearningError, DatasetError, ArtifactError, FileError as their rooms say
 */
export async function train(
  config: TrainConfig,
  path: string,
  options: TrainingOptions & { readonly fold?: number | undefined } = {},
): Promise<TrainingOutcome> {
  const { fold } = options;
  const { cases, initial } = await beginnings(config, fold);
  const run = await createRun(path);
  await writeJson(run.run, await factsOf(config, { cases, fold, initial }));
  await writeModelCard(run.card, cardOf(config, cases, initial));
  await writeYaml(run.config, config); // the last: a folder with a config is a run that can go on
  return alone(path, () => work(config, { cases, run, initial }, options));
}

/** @throws ArtifactError RUN_BUSY */
async function alone<T>(path: string, body: () => Promise<T>): Promise<T> {
  const letGo = await holdRun(path);
  try {
    return await body();
  } finally {
    await letGo();
  }
}

/** What a training of a fold begins with; all that can be seen to be wrong with it is told here, before anything is written. */
export async function beginnings(
  config: TrainConfig,
  fold: number | undefined,
): Promise<{ readonly cases: TrainingCases; readonly initial: InitialWeights | undefined }> {
  const cases = await casesOf(config, fold);
  requireFrozenParts(config);
  return { cases, initial: await readInitialWeights(config) };
}

/**
 * Goes on with a run from its last checkpoint, to the same bits as if it had never stopped, on the same machine with as many threads.
 *
 * @throws LearningError RUN_FACTS, TRAINING_STATE, TRAINING_CHANGED; ArtifactError RUN_BUSY; and all that `train` throws
 */
export async function resumeTraining(path: string, options: TrainingOptions = {}): Promise<TrainingOutcome> {
  return alone(path, () => goOn(path, options)); // before anything that a killed writer left is swept away: another may be writing
}

async function goOn(path: string, options: TrainingOptions): Promise<TrainingOutcome> {
  const run = await reopenRun(path);
  const config = await readTrainConfig(run.config);
  const facts = await readRunFacts(run.run);
  const cases = await casesOf(config, facts.fold);
  const changed = (change: Omit<TrainingChange, "code" | "run">): LearningError =>
    new LearningError({ code: "TRAINING_CHANGED", run: path, ...change });
  if (facts.dataset !== cases.dataset.hash)
    throw changed({ what: "dataset", was: facts.dataset, is: cases.dataset.hash });
  const initial = await readInitialWeights(config);
  if (facts.initialWeights !== initial?.digest) {
    const [was, is] = [facts.initialWeights ?? "none", initial?.digest ?? "none"];
    throw changed({ what: "initial weights", was, is });
  }
  if (facts.threads !== threads()) {
    const [was, is] = [String(facts.threads), String(threads())];
    throw changed({ what: "number of threads", was, is, remedy: `run it with --threads ${was}` });
  }
  return work(config, { cases, run, initial }, options);
}

async function work(
  config: TrainConfig,
  { cases, run, initial }: { cases: TrainingCases; run: RunFolder; initial: InitialWeights | undefined },
  options: TrainingOptions,
): Promise<TrainingOutcome> {
  const network = overVolumes(compiled(createNetwork(config.network, config.seed)));
  initial?.fill(network);
  const { averageDecay } = config.optimiser;
  const learner = {
    network,
    optimiser: createOptimiser(network.parameters(), config.optimiser),
    average: averageDecay === undefined ? undefined : new WeightAverage(network.state(), averageDecay),
  };
  try {
    const state = await readState(run, (bytes) => weightsOfState(bytes, run.lastState));
    const position = state === undefined ? START : loadState(state, run.lastState, learner);
    if (position.done) return outcomeOf(run, position, "finished");
    const log = await RunLog.open(run.log, position.logLines);
    try {
      const events = await openEvents(run.events, position.steps + 1);
      try {
        return await trainFrom(position, { config, cases, run, learner, log, events }, options);
      } finally {
        await events.close();
      }
    } finally {
      await log.close();
    }
  } finally {
    learner.average?.release();
    learner.optimiser.release();
    network.release();
  }
}

/** @throws FileError */
async function openEvents(folder: string, step: number): Promise<EventFile> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw fileErrorOf(folder, error);
  }
  return EventFile.create(folder, step);
}
