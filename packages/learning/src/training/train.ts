import { availableParallelism, hostname } from "node:os";
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
import { RandomSource, VERSION } from "@multirnet/base";
import { aboutEngine, threads } from "@multirnet/engine";
import { createNetwork, encodeWeights, headsOf, type Network } from "@multirnet/networks";

import { readTrainConfig, type TrainConfig } from "../config/train-config.js";
import type { PreparedCase } from "../dataset/index.js";
import { LearningError } from "../errors.js";
import { Adam } from "../optimisers/adam.js";
import { rateFactor } from "../optimisers/schedule.js";
import { batches, drawSample, epochOrder } from "../sampling/index.js";
import { makeBatch, type Batch } from "./batch.js";
import { cardOf } from "./card.js";
import { casesOf, prepareAll, type TrainingCases } from "./cases.js";
import { readRunFacts, type RunFacts } from "./run-facts.js";
import { encodeState, loadState, START, weightsOfState, type Position } from "./state.js";
import { NotFinite, trainingStep, type StepLosses } from "./step.js";
import { validate } from "./validation.js";

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
  const cases = await casesOf(config, options.fold);
  const run = await createRun(path);
  const facts: RunFacts = {
    name: config.name,
    ...(options.fold === undefined ? {} : { fold: options.fold }),
    seed: config.seed,
    dataset: cases.dataset.hash,
    cases: { train: names(cases.train), validation: names(cases.validation), test: names(cases.test) },
    versions: { multirnet: VERSION, libtorch: aboutEngine().version, node: process.version },
    threads: threads(),
    host: { name: hostname(), cpus: availableParallelism() },
    started: new Date().toISOString(),
  };
  await writeYaml(run.config, config);
  await writeJson(run.run, facts);
  await writeModelCard(run.card, cardOf(config, cases));
  return work(config, cases, run, options);
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
  const changed = (what: string, was: string | number, is: string | number): LearningError =>
    new LearningError({ code: "TRAINING_CHANGED", run: path, what, was: String(was), is: String(is) });
  if (facts.dataset !== cases.dataset.hash) throw changed("dataset", facts.dataset, cases.dataset.hash);
  if (facts.threads !== threads()) throw changed("number of threads", facts.threads, threads());
  return work(config, cases, run, options);
}

async function work(
  config: TrainConfig,
  cases: TrainingCases,
  run: RunFolder,
  options: TrainingOptions,
): Promise<TrainingOutcome> {
  const { signal, onEvent } = options;
  const { dataset } = cases;
  const count = cases.train.length + cases.validation.length;
  const prepared = await prepareAll([...cases.train, ...cases.validation], dataset, config, (done) => {
    onEvent?.({ kind: "preparing", done, of: count });
  });
  const training = prepared.slice(0, cases.train.length);
  const validating = prepared.slice(cases.train.length);

  const network = createNetwork(config.network, config.seed);
  const adam = new Adam(network.parameters(), config.optimiser);
  const state = await readState(run, (bytes) => weightsOfState(bytes, run.lastState));
  let position = state === undefined ? START : loadState(state, run.lastState, network, adam);
  const log = await RunLog.open(run.log, position.logLines);
  let saved = performance.now();
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

  try {
    while (!position.done) {
      const plan = planOf(training, config, position.epoch);
      for (let index = position.batch; index < plan.length; index++) {
        await nextTurn();
        if (signal?.aborted === true) {
          await save(position);
          return { run, ended: "aborted", steps: position.steps, bestEpoch: position.best?.epoch };
        }
        const start = performance.now();
        const losses = step(network, adam, plan[index] ?? [], config, { position, steps: plan.length * config.epochs });
        const seconds = (performance.now() - start) / 1000;
        position = { ...position, batch: index + 1, steps: adam.steps, lossSum: position.lossSum + losses.loss };
        await log.append({ kind: "step", epoch: position.epoch, step: position.steps, ...losses, seconds });
        const cases = plan[index]?.length ?? 0;
        onEvent?.({
          kind: "step",
          step: position.steps,
          steps: plan.length * config.epochs,
          epoch: position.epoch,
          loss: losses.loss,
          cases,
          seconds,
        });
        if (performance.now() - saved >= config.checkpointMinutes * 60_000) await save(position);
      }
      position = await endEpoch(position, plan.length);
    }
    return { run, ended: "finished", steps: position.steps, bestEpoch: position.best?.epoch };
  } finally {
    await log.close();
    adam.release();
    network.release();
  }

  /** Logs the epoch, validates where it is due, and decides whether the training goes on. */
  async function endEpoch(ended: Position, steps: number): Promise<Position> {
    const { epoch } = ended;
    const { everyEpochs, patience } = config.validation;
    const last = epoch + 1 === config.epochs;
    const due = validating.length > 0 && ((epoch + 1) % everyEpochs === 0 || last);
    if (due) onEvent?.({ kind: "validating", epoch });
    const scores = due
      ? await validate(network, validating, config, headsOf(config.network).classes, signal)
      : undefined;
    await log.append({
      kind: "epoch",
      epoch,
      loss: ended.lossSum / steps,
      ...(scores === undefined ? {} : { validation: scores }),
    });
    const better = scores !== undefined && scores.score > (ended.best?.score ?? -Infinity);
    const best = better ? { epoch, score: scores.score } : ended.best;
    const outOfPatience = best !== undefined && epoch - best.epoch >= patience;
    const next: Position = {
      ...ended,
      epoch: epoch + 1,
      batch: 0,
      lossSum: 0,
      done: last || outOfPatience,
      ...(best === undefined ? {} : { best }),
    };
    const dueByTime = performance.now() - saved >= config.checkpointMinutes * 60_000;
    if (!better && !next.done && !dueByTime) return next;
    await save(next, better ? encodeWeights(network) : undefined);
    return position;
  }
}

/** One case in one of the rounds of an epoch. */
interface Turn {
  readonly prepared: PreparedCase;
  readonly round: number; // counts over the whole run; all draws of a turn are keyed by it
}

/** The batches of an epoch: `regionsPerCase` rounds, each visiting every case once in an order of its own. */
function planOf(cases: readonly PreparedCase[], { seed, sampling, batchSize }: TrainConfig, epoch: number): Turn[][] {
  const rounds = Array.from({ length: sampling.regionsPerCase }, (_, round) => epoch * sampling.regionsPerCase + round);
  const turns = rounds.flatMap((round) =>
    epochOrder(cases, { seed, epoch: round }).map((prepared) => ({ prepared, round })),
  );
  return batches(turns, batchSize);
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
  const settings = { region: preprocessing.region, backgroundShare: sampling.backgroundShare, augmentation };
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
  });
  if (losses instanceof NotFinite) {
    const cases = turns.map(({ prepared }) => prepared.entry.name);
    throw new LearningError({
      code: "TRAINING_NOT_FINITE",
      step: position.steps,
      epoch: position.epoch,
      cases,
      layer: losses.layer,
    });
  }
  return losses ?? { loss: 0 };
}

function names(cases: readonly { readonly name: string }[]): string[] {
  return cases.map(({ name }) => name);
}
