import { setImmediate as nextTurn } from "node:timers/promises";

import {
  createRun,
  readState,
  reopenRun,
  RunLog,
  writeCheckpoint,
  writeJson,
  writeModelCard,
  writeYaml,
  type RunFolder,
} from "@multirnet/artifacts";
import { RandomSource } from "@multirnet/base";
import { threads } from "@multirnet/engine";
import { InferenceError } from "@multirnet/inference";
import { compiled, createNetwork, encodeWeights, headsOf, overVolumes, type Network } from "@multirnet/networks";

import { readTrainConfig, type TrainConfig } from "../config/train-config.js";
import { LearningError, type TrainingChange } from "../errors.js";
import { Adam } from "../optimisers/adam.js";
import { rateFactor } from "../optimisers/schedule.js";
import { drawSample } from "../sampling/index.js";
import { makeBatch, type Batch } from "./batch.js";
import { cardOf } from "./card.js";
import { casesOf, prepareAll, type TrainingCases } from "./cases.js";
import { frozenIn, requireFrozenParts } from "./frozen.js";
import { readInitialWeights, type InitialWeights } from "./initial-weights.js";
import { planOf, type Turn } from "./plan.js";
import { factsOf, readRunFacts } from "./run-facts.js";
import { encodeState, loadState, START, weightsOfState, type Position } from "./state.js";
import { NotFinite, trainingStep, type StepLosses } from "./step.js";
import { validate, type ValidationScores } from "./validation.js";

/** What happens in a training, for a progress bar. */
export type TrainingEvent =
  | { readonly kind: "preparing"; readonly done: number; readonly of: number }
  | {
      readonly kind: "step";
      readonly step: number;
      readonly steps: number;
      readonly epoch: number;
      readonly loss: number;
      readonly cases: number;
      readonly seconds: number;
    }
  | { readonly kind: "validating"; readonly epoch: number };

export interface TrainingOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: TrainingEvent) => void) | undefined;
  /** Makes a step, to look at how it does so. @param step its number, from 1 in this sitting @param body makes it */
  readonly aroundStep?: (<T>(step: number, body: () => T) => T) | undefined;
}

/** How a training ended. */
export interface TrainingOutcome {
  readonly run: RunFolder;
  readonly ended: "finished" | "aborted"; // aborted: the run can be resumed
  readonly steps: number;
  readonly bestEpoch: number | undefined; // undefined without validation
}

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
  const cases = await casesOf(config, fold);
  requireFrozenParts(config);
  const initial = await readInitialWeights(config);
  const run = await createRun(path);
  await writeJson(run.run, await factsOf(config, { cases, fold, initial }));
  await writeModelCard(run.card, cardOf(config, cases, initial));
  await writeYaml(run.config, config); // the last: a folder with a config is a run that can go on
  return work(config, { cases, run, initial }, options);
}

/**
 * Goes on with a run from its last checkpoint, to the same bits as if it had never stopped, on the same machine with as many threads.
 *
 * @throws LearningError TRAINING_STATE, TRAINING_CHANGED, and all that `train` throws
 */
export async function resumeTraining(path: string, options: TrainingOptions = {}): Promise<TrainingOutcome> {
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
  const adam = new Adam(network.parameters(), config.optimiser);
  try {
    const state = await readState(run, (bytes) => weightsOfState(bytes, run.lastState));
    const position = state === undefined ? START : loadState(state, run.lastState, network, adam);
    const log = await RunLog.open(run.log, position.logLines);
    try {
      return await goOn(position, { config, cases, run, network, adam, log }, options);
    } finally {
      await log.close();
    }
  } finally {
    adam.release();
    network.release();
  }
}

/** What a training works with. */
interface Work {
  readonly config: TrainConfig;
  readonly cases: TrainingCases;
  readonly run: RunFolder;
  readonly network: Network;
  readonly adam: Adam;
  readonly log: RunLog;
}

async function goOn(
  from: Position,
  { config, cases, run, network, adam, log }: Work,
  { signal, onEvent, aroundStep }: TrainingOptions,
): Promise<TrainingOutcome> {
  let position = from;
  let made = 0; // steps in this sitting
  let saved = performance.now();
  const outcome = (ended: TrainingOutcome["ended"]): TrainingOutcome => {
    return { run, ended, steps: position.steps, bestEpoch: position.best?.epoch };
  };
  const save = async (next: Position, best?: Uint8Array): Promise<void> => {
    await log.sync();
    position = { ...next, logLines: log.lines };
    const weights = encodeWeights(network);
    await writeCheckpoint(run, {
      state: encodeState(network, adam, position),
      weights,
      ...(best === undefined ? {} : { best }),
    });
    saved = performance.now();
  };
  const stop = async (): Promise<TrainingOutcome> => {
    await save(position);
    return outcome("aborted");
  };

  if (position.done) return outcome("finished");
  const looked = [...cases.train, ...cases.validation];
  const prepared = await prepareAll(looked, cases.dataset, config, signal, (done) => {
    onEvent?.({ kind: "preparing", done, of: looked.length });
  });
  if (prepared === undefined) return stop();
  const training = prepared.slice(0, cases.train.length);
  const validating = prepared.slice(cases.train.length);

  while (!position.done) {
    const plan = planOf(training, config, position.epoch);
    for (let index = position.batch; index < plan.length; index++) {
      await nextTurn();
      if (signal?.aborted === true) return stop();
      const turns = plan[index] ?? [];
      const steps = plan.length * config.epochs;
      const start = performance.now();
      const make = (): StepLosses => step(network, adam, turns, config, { position, steps });
      const losses = aroundStep === undefined ? make() : aroundStep(++made, make);
      const seconds = (performance.now() - start) / 1000;
      position = { ...position, batch: index + 1, steps: adam.steps, lossSum: position.lossSum + losses.loss };
      const { epoch } = position;
      await log.append({ kind: "step", epoch, step: position.steps, ...losses, seconds });
      onEvent?.({ kind: "step", step: position.steps, steps, epoch, loss: losses.loss, cases: turns.length, seconds });
      if (isSavingDue()) await save(position);
    }
    if (!(await endEpoch(plan.length))) return stop();
  }
  return outcome("finished");

  function isSavingDue(): boolean {
    return performance.now() - saved >= config.checkpointMinutes * 60_000;
  }

  async function scoresOf(epoch: number): Promise<ValidationScores | "aborted"> {
    onEvent?.({ kind: "validating", epoch });
    try {
      return await validate(network, validating, config, headsOf(config.network).classes, signal);
    } catch (error) {
      if (error instanceof InferenceError && error.code === "INFERENCE_ABORTED") return "aborted";
      throw error;
    }
  }

  /**
   * Validates where it is due, logs the epoch, and decides whether the training goes on.
   *
   * @returns false where the validation was stopped: the epoch's end is then still to come
   */
  async function endEpoch(steps: number): Promise<boolean> {
    const { epoch } = position;
    const { everyEpochs, patience } = config.validation;
    const last = epoch + 1 === config.epochs;
    const due = validating.length > 0 && ((epoch + 1) % everyEpochs === 0 || last);
    const scores = due ? await scoresOf(epoch) : undefined;
    if (scores === "aborted") return false;
    const loss = position.lossSum / steps;
    await log.append({ kind: "epoch", epoch, loss, ...(scores === undefined ? {} : { validation: scores }) });
    const better = scores !== undefined && scores.score > (position.best?.score ?? -Infinity);
    const best = better ? { epoch, score: scores.score } : position.best;
    const outOfPatience = best !== undefined && epoch - best.epoch >= patience;
    position = {
      ...position,
      epoch: epoch + 1,
      batch: 0,
      lossSum: 0,
      done: last || outOfPatience,
      ...(best === undefined ? {} : { best }),
    };
    if (better || position.done || isSavingDue()) await save(position, better ? encodeWeights(network) : undefined);
    return true;
  }
}

/** One step; a loss that is not a number ends the training. @throws LearningError TRAINING_NOT_FINITE */
function step(
  network: Network,
  adam: Adam,
  turns: readonly Turn[],
  config: TrainConfig,
  { position, steps }: { readonly position: Position; readonly steps: number },
): StepLosses {
  const { seed, preprocessing, sampling, augmentation, optimiser } = config;
  const { aim, backgroundShare, insideBody } = sampling;
  const settings = { region: preprocessing.region, aim, backgroundShare, insideBody, augmentation };
  const batch = (): Batch => {
    const samples = turns.map(({ prepared, round }) => ({
      prepared,
      region: drawSample(prepared, settings, { seed, epoch: round }),
    }));
    return makeBatch(samples, preprocessing.region, headsOf(config.network).classes);
  };
  const losses = trainingStep(network, adam, batch, {
    loss: config.loss,
    learningRate: optimiser.learningRate * rateFactor(optimiser.schedule, position.steps / steps),
    random: new RandomSource(seed, "step", position.steps),
    frozen: frozenIn(config.frozen, [...network.parameters().keys()], position.epoch),
  });
  if (losses instanceof NotFinite) {
    const cases = turns.map(({ prepared }) => prepared.entry.name);
    throw new LearningError({
      code: "TRAINING_NOT_FINITE",
      step: position.steps + 1, // as the log counts them
      epoch: position.epoch,
      cases,
      layer: losses.layer,
    });
  }
  return losses ?? { loss: 0 };
}
