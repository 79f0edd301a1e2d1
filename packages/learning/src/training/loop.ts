import { setImmediate as nextTurn } from "node:timers/promises";

import { writeCheckpoint, type EventFile, type RunFolder, type RunLog } from "@multirnet/artifacts";
import { RandomSource } from "@multirnet/base";
import { InferenceError } from "@multirnet/inference";
import { encodeWeights, headsOf, type Network } from "@multirnet/networks";

import type { TrainConfig } from "../config/train-config.js";
import type { PreparedCase } from "../dataset/index.js";
import { LearningError } from "../errors.js";
import { rateFactor } from "../optimisers/schedule.js";
import { makeBatch } from "./batch.js";
import { prepareAll, requireJudging, type TrainingCases } from "./cases.js";
import type { TrainingOptions, TrainingOutcome } from "./events.js";
import { frozenIn } from "./frozen.js";
import { lossIn } from "./loss-settings.js";
import { planOf } from "./plan.js";
import { plateauAfter } from "./plateau.js";
import { regionsHere, type RegionSource } from "./region-source.js";
import { regionsAhead } from "./regions-ahead.js";
import { isSnapshotDue, snapshots, writeSnapshots } from "./snapshots.js";
import { encodeState, type Learner, type Position } from "./state.js";
import { brokenWeight, NotFinite, trainingStep, type StepLosses } from "./step.js";
import { Upcoming, type ReadyStep } from "./upcoming.js";
import { validate, type ValidationScores } from "./validation.js";

/** What a training works with. */
export interface Work {
  readonly config: TrainConfig;
  readonly cases: TrainingCases;
  readonly run: RunFolder;
  readonly learner: Learner & { readonly network: Network };
  readonly log: RunLog;
  readonly events: EventFile;
}

/**
 * Trains from a position on: steps, an end to each epoch with validation where it is due, and checkpoints between them.
 *
 * @throws LearningError TRAINING_NOT_FINITE, TRAINING_WORKER; DatasetError and FileError as their rooms say
 */
export async function trainFrom(from: Position, work: Work, options: TrainingOptions): Promise<TrainingOutcome> {
  const { config, cases, run, learner, log, events } = work;
  const { signal, onEvent, aroundStep, workers = 0 } = options;
  const { network, optimiser, average } = learner;
  let position = from;
  let made = 0; // steps in this sitting
  let saved = performance.now();
  let savingMs = 0; // what the last checkpoint took
  let casesOfLast: readonly string[] = []; // of the last step

  const looked = [...cases.train, ...cases.validation];
  const prepared = await prepareAll(looked, cases.dataset, config, signal, (done) => {
    onEvent?.({ kind: "preparing", done, of: looked.length });
  });
  if (prepared === undefined) return stop();
  const training = prepared.slice(0, cases.train.length);
  const validating = prepared.slice(cases.train.length);
  requireJudging(validating, config);
  const plan = planOf(training, config);
  const stepsAnEpoch = plan(0).length;
  const steps = stepsAnEpoch * config.epochs;

  const source = regionSource(training, config, workers);
  try {
    const upcoming = new Upcoming(plan, source, { ...position, epochs: config.epochs });
    while (!position.done) {
      for (;;) {
        await nextTurn();
        if (signal?.aborted === true) return await stop();
        const asked = performance.now();
        const ready = await upcoming.next(position.epoch);
        if (ready === undefined) break;
        await makeStep(ready, (performance.now() - asked) / 1000);
        if (isSavingDue()) await save(position);
      }
      if (!(await endEpoch())) return await stop();
    }
    return outcomeOf(run, position, "finished");
  } finally {
    await source.close();
  }

  async function makeStep(ready: ReadyStep, waitSeconds: number): Promise<void> {
    const { epoch } = position;
    const start = performance.now();
    const learningRate = rateOf(config, position, { stepsAnEpoch, steps });
    const make = (): StepLosses => step(ready, work, position, learningRate);
    const losses = aroundStep === undefined ? make() : aroundStep(++made, make);
    casesOfLast = namesIn(ready);
    if (optimiser.steps > position.steps) average?.update(optimiser.steps);
    const seconds = (performance.now() - start) / 1000;
    position = {
      ...position,
      step: ready.index + 1,
      steps: optimiser.steps,
      lossSum: position.lossSum + losses.loss,
    };
    await log.append({ kind: "step", epoch, step: position.steps, ...losses, learningRate, seconds, waitSeconds });
    await events.scalars(position.steps, {
      ...Object.fromEntries(Object.entries(losses).map(([name, value]) => [`train/${name}`, value as number])),
      "optimiser/learningRate": learningRate,
      "time/seconds": seconds,
      "time/waitSeconds": waitSeconds,
    });
    const seen = ready.plan.flat().length;
    onEvent?.({ kind: "step", step: position.steps, steps, epoch, loss: losses.loss, cases: seen, seconds });
  }

  /**
   * A state with weights that are no numbers is never written over one that can go on.
   *
   * @param best the weights that have validated best, where these are they
   */
  async function save(next: Position, best?: Uint8Array): Promise<void> {
    const start = performance.now();
    const broken = brokenWeight(network);
    if (broken !== undefined) {
      const { epoch, steps: step } = position;
      const layer = `weight ${broken}`;
      throw new LearningError({ code: "TRAINING_NOT_FINITE", what: "weights", step, epoch, cases: casesOfLast, layer });
    }
    await log.sync();
    position = { ...next, logLines: log.lines };
    await writeCheckpoint(run, {
      state: encodeState(learner, position),
      weights: await withPredictingWeights(learner, () => Promise.resolve(encodeWeights(network))),
      ...(best === undefined ? {} : { best }),
    });
    saved = performance.now();
    savingMs = saved - start;
  }

  async function stop(): Promise<TrainingOutcome> {
    await save(position);
    return outcomeOf(run, position, "aborted");
  }

  function isSavingDue(): boolean {
    return performance.now() - saved >= config.checkpointMinutes * 60_000;
  }

  /** At the end of an epoch, unless epochs are so short, or the network so large, that checkpoints would take more than a twentieth of the time. */
  function isWorthSaving(): boolean {
    return performance.now() - saved >= 20 * savingMs;
  }

  /**
   * Validates where it is due, logs the epoch, and decides whether the training goes on.
   *
   * @returns false where the validation was stopped: the epoch's end is then still to come
   */
  async function endEpoch(): Promise<boolean> {
    const { epoch } = position;
    const { everyEpochs, patience } = config.validation;
    const last = epoch + 1 === config.epochs;
    const due = validating.length > 0 && ((epoch + 1) % everyEpochs === 0 || last);
    const judged = due ? await judge(epoch) : undefined;
    if (judged === "aborted") return false;
    const scores = judged?.scores;
    const loss = position.lossSum / stepsAnEpoch;
    await log.append({ kind: "epoch", epoch, loss, ...(scores === undefined ? {} : { validation: scores }) });
    await events.scalars(position.steps, {
      "epoch/loss": loss,
      ...Object.fromEntries(
        Object.entries(scores ?? {}).map(([name, value]) => [`validation/${name}`, value as number]),
      ),
    });
    if (isSnapshotDue(epoch, config.epochs)) await takeSnapshots(epoch);
    const better = scores !== undefined && scores.score > (position.best?.score ?? -Infinity);
    const best = better ? { epoch, score: scores.score } : position.best;
    const outOfPatience = best !== undefined && epoch - best.epoch >= patience;
    const plateau = plateauAfter(position.plateau, config.optimiser, { epoch, better });
    position = {
      ...position,
      epoch: epoch + 1,
      step: 0,
      lossSum: 0,
      done: last || outOfPatience,
      ...(best === undefined ? {} : { best }),
      ...(plateau === undefined ? {} : { plateau }),
    };
    if (better || position.done || isSavingDue() || isWorthSaving())
      await save(position, better ? judged?.weights : undefined);
    return true;
  }

  async function takeSnapshots(epoch: number): Promise<void> {
    const shown = [...validating, ...training];
    const taken = await withPredictingWeights(learner, () =>
      Promise.resolve(snapshots(network, shown, config.preprocessing.region)),
    );
    await writeSnapshots(run.pictures, epoch, taken);
    for (const { name, picture } of taken) await events.picture(position.steps, `prediction/${name}`, picture);
  }

  /** What validation says of the weights that predict, and these. */
  async function judge(
    epoch: number,
  ): Promise<{ readonly scores: ValidationScores; readonly weights: Uint8Array } | "aborted"> {
    onEvent?.({ kind: "validating", epoch });
    try {
      return await withPredictingWeights(learner, async () => {
        const { classes } = headsOf(config.network);
        return {
          scores: await validate(network, validating, config, classes, signal),
          weights: encodeWeights(network),
        };
      });
    } catch (error) {
      if (error instanceof InferenceError && error.code === "INFERENCE_ABORTED") return "aborted";
      throw error;
    }
  }
}

export function outcomeOf(run: RunFolder, position: Position, ended: TrainingOutcome["ended"]): TrainingOutcome {
  return { run, ended, steps: position.steps, bestEpoch: position.best?.epoch };
}

/** Runs `body` while the network has the weights that predict: their average, where there is one. */
async function withPredictingWeights<T>({ average }: Learner, body: () => Promise<T>): Promise<T> {
  return average === undefined ? body() : average.standingIn(body);
}

function regionSource(cases: readonly PreparedCase[], config: TrainConfig, workers: number): RegionSource {
  const { seed, preprocessing, sampling, augmentation } = config;
  const { aim, backgroundShare, insideBody } = sampling;
  const sample = { region: preprocessing.region, aim, backgroundShare, insideBody, augmentation };
  return workers === 0 ? regionsHere({ sample, seed }) : regionsAhead(cases, { sample, seed }, workers);
}

/** The learning rate of the step that comes next. */
function rateOf(
  { optimiser: { learningRate, schedule, warmUpEpochs } }: TrainConfig,
  { steps: step, plateau }: Position,
  { stepsAnEpoch, steps }: { readonly stepsAnEpoch: number; readonly steps: number },
): number {
  const warmUp = Math.round(warmUpEpochs * stepsAnEpoch);
  return learningRate * rateFactor({ schedule, warmUp }, { step, steps }) * (plateau?.factor ?? 1);
}

/** One step; a loss that is not a number ends the training. @throws LearningError TRAINING_NOT_FINITE */
function step(
  ready: ReadyStep,
  { config, cases, learner: { network, optimiser } }: Work,
  position: Position,
  learningRate: number,
): StepLosses {
  const { seed, preprocessing } = config;
  const { classes } = headsOf(config.network);
  const losses = trainingStep(
    network,
    optimiser,
    ready.batches.map((samples) => () => makeBatch(samples, preprocessing.region, classes)),
    {
      loss: lossIn(config, { epoch: position.epoch, classes, cases: cases.train }),
      learningRate,
      clipNorm: config.optimiser.clipNorm,
      stretches: config.activationStretches,
      precision: config.precision,
      random: new RandomSource(seed, "step", position.steps),
      frozen: frozenIn(config.frozen, [...network.parameters().keys()], position.epoch),
    },
  );
  if (losses instanceof NotFinite) {
    throw new LearningError({
      code: "TRAINING_NOT_FINITE",
      what: "loss",
      step: position.steps + 1, // as the log counts them
      epoch: position.epoch,
      cases: namesIn(ready),
      layer: losses.layer,
    });
  }
  return losses ?? { loss: 0 };
}

function namesIn({ plan }: ReadyStep): string[] {
  return plan.flat().map(({ prepared }) => prepared.entry.name);
}
