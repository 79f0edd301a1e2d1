import type { RandomSource } from "@multirnet/base";
import {
  firstNotFinite,
  foreachAddInPlace,
  foreachMulScalarInPlace,
  gradients,
  scope,
  withoutGradients,
  type Tensor,
} from "@multirnet/engine";
import { forwardMixed, passInStretches, type Network, type Prediction } from "@multirnet/networks";

import { jointLoss, type JointSettings } from "../losses/index.js";
import type { Precision } from "../config/schema.js";
import { clipGradients } from "../optimisers/gradient-norm.js";
import type { Optimiser } from "../optimisers/optimiser.js";
import { zerosLike } from "../optimisers/zeros-like.js";
import type { Batch } from "./batch.js";

/** The losses of a step; a part that the batch held no truth for is missing. */
export interface StepLosses {
  readonly loss: number;
  readonly segmentation?: number;
  readonly diagnosis?: number;
}

/** The first thing that was not a number in a step, by name. */
export class NotFinite {
  readonly layer: string;

  constructor(layer: string) {
    this.layer = layer;
  }
}

export interface StepOptions {
  readonly loss: JointSettings;
  readonly learningRate: number;
  readonly clipNorm?: number | undefined; // largest norm of all gradients together
  /** Stretches of the network whose activations are made anew on the way back; 1 keeps them all, and so does a network that is not compiled. */
  readonly stretches?: number;
  readonly precision?: Precision; // float32 unless given
  readonly random: RandomSource;
  readonly frozen: ReadonlySet<string>;
}

/**
 * One training step: prediction, loss and gradient of each batch, the mean gradient, weights. A parameter that took no part in the loss has gradient 0; a
 * frozen one is not touched. Batches without any truth for this network move no weight, nor does a step with a loss that is not finite; batch norms have
 * seen them all the same.
 *
 * @returns the mean losses of the batches with truth; undefined where none has any
 */
export function trainingStep(
  network: Network,
  optimiser: Optimiser,
  batches: readonly (() => Batch)[],
  { loss, learningRate, clipNorm, stretches = 1, precision = "float32", random, frozen }: StepOptions,
): StepLosses | NotFinite | undefined {
  return scope(() => {
    const parameters = network.parameters();
    const moved = new Map([...parameters].filter(([path]) => !frozen.has(path)));
    const seen: StepLosses[] = [];
    let sums: (Tensor | undefined)[] = [];
    for (const [index, batch] of batches.entries()) {
      const draws = index === 0 ? random : random.derive("batch", index);
      const weights = [...moved.values()];
      const made = batch();
      const found =
        stretches > 1
          ? inStretches(network, made, loss, { draws, stretches, weights })
          : inOne(network, made, loss, { draws, weights, precision });
      if (found instanceof NotFinite) return found;
      if (found === undefined) continue;
      seen.push(found.losses);
      sums = sumOf(sums, found.gradients);
    }
    if (seen.length === 0) return undefined;
    const paths = [...moved.keys()];
    const found = new Map(sums.map((sum, index) => [paths[index], sum]));
    const complete = withoutGradients(() => {
      const known = sums.filter((sum) => sum !== undefined);
      if (batches.length > 1) foreachMulScalarInPlace(known, 1 / batches.length);
      if (clipNorm !== undefined) clipGradients(known, clipNorm);
      return Array.from(parameters, ([path, parameter]) =>
        moved.has(path) ? (found.get(path) ?? zerosLike(parameter)) : undefined,
      );
    });
    optimiser.step(complete, learningRate);
    return meanOf(seen);
  });
}

interface Found {
  readonly losses: StepLosses;
  readonly gradients: readonly (Tensor | undefined)[];
}

interface Way {
  readonly draws: RandomSource;
  readonly weights: readonly Tensor[];
  readonly precision?: Precision;
}

/** Losses and gradients of a batch; undefined where it has no truth for this network. */
function inOne(
  network: Network,
  { input, truth }: Batch,
  settings: JointSettings,
  { draws, weights, precision }: Way,
): Found | NotFinite | undefined {
  const pass = { mode: "train", random: draws } as const;
  const predicted = (): Prediction =>
    precision === "mixed" ? forwardMixed(network, input, pass) : network.forward(input, pass);
  const found = scope(() => lossOf(predicted(), truth, settings));
  if (found === undefined) return undefined;
  if (!Number.isFinite(found.losses.loss)) return notFinite(network, input, () => lossOf(predicted(), truth, settings));
  return { losses: found.losses, gradients: gradients(found.total, weights) };
}

/** The same, with the activations of the network's stretches made anew on the way back. */
function inStretches(
  network: Network,
  batch: Batch,
  settings: JointSettings,
  { draws, weights, stretches }: Way & { readonly stretches: number },
): Found | NotFinite | undefined {
  const { input, truth } = batch;
  return scope(() => {
    const pass = passInStretches(network, input, { mode: "train", random: draws }, stretches);
    if (pass === undefined) return inOne(network, batch, settings, { draws, weights });
    const found = lossOf(pass.prediction, truth, settings);
    if (found === undefined) return undefined;
    const predicted = (): Prediction => network.forward(input, { mode: "train", random: draws });
    if (!Number.isFinite(found.losses.loss))
      return notFinite(network, input, () => lossOf(predicted(), truth, settings));
    return { losses: found.losses, gradients: pass.gradients(found.total, weights) };
  });
}

function lossOf(
  prediction: Prediction,
  truth: Batch["truth"],
  settings: JointSettings,
): { readonly losses: StepLosses; readonly total: Tensor } | undefined {
  const found = jointLoss(prediction, truth, settings);
  if (found === undefined) return undefined;
  const { total, segmentation, diagnosis } = found;
  const losses = {
    loss: total.item(),
    ...(segmentation === undefined ? {} : { segmentation: segmentation.item() }),
    ...(diagnosis === undefined ? {} : { diagnosis: diagnosis.item() }),
  };
  return { losses, total };
}

function notFinite(network: Network, input: Tensor, again: () => unknown): NotFinite {
  return new NotFinite(whatWentWrong(network, input, again));
}

/** Adds gradients to those of the batches before, in place; of a weight without one, what the others have. */
function sumOf(sums: readonly (Tensor | undefined)[], more: readonly (Tensor | undefined)[]): (Tensor | undefined)[] {
  const both = more.flatMap((gradient, index) => {
    const sum = sums[index];
    return gradient === undefined || sum === undefined ? [] : { sum, gradient };
  });
  if (both.length > 0) {
    withoutGradients(() => {
      foreachAddInPlace(
        both.map(({ sum }) => sum),
        both.map(({ gradient }) => gradient),
      );
    });
  }
  return more.map((gradient, index) => sums[index] ?? gradient);
}

function meanOf(losses: readonly StepLosses[]): StepLosses {
  const mean = (part: keyof StepLosses): number | undefined => {
    const known = losses.flatMap((one) => one[part] ?? []);
    return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length;
  };
  const [segmentation, diagnosis] = [mean("segmentation"), mean("diagnosis")];
  return {
    loss: mean("loss") ?? 0,
    ...(segmentation === undefined ? {} : { segmentation }),
    ...(diagnosis === undefined ? {} : { diagnosis }),
  };
}

/** What went wrong first: a weight before what it made of its input, the input before what was made of it. */
function whatWentWrong(network: Network, input: Tensor, again: () => unknown): string {
  const weight = brokenWeight(network);
  if (weight !== undefined) return `weight ${weight}`;
  if (!isFiniteTensor(input)) return "the input";
  const place = firstNotFinite(() => withoutGradients(again));
  if (place === undefined) return "the loss itself";
  return `the output of ${place.op}${place.module === "" ? "" : ` in ${place.module}`}`;
}

/** The path of the first weight that is not all numbers. */
export function brokenWeight(network: Network): string | undefined {
  return [...network.parameters()].find(([, tensor]) => !isFiniteTensor(tensor))?.[0];
}

function isFiniteTensor(tensor: Tensor): boolean {
  return withoutGradients(() => scope(() => Number.isFinite(tensor.abs().amax().item()))); // the largest is no number where one of them is none
}
