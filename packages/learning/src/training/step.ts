import { RandomSource } from "@multirnet/base";
import { gradients, scope, withoutGradients, zeros, type Tensor } from "@multirnet/engine";
import { namedHeads, type Network } from "@multirnet/networks";

import type { LossSettings } from "../config/loss.js";
import { jointLoss } from "../losses/index.js";
import type { Adam } from "../optimisers/adam.js";
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

/**
 * One training step: prediction, loss, gradient, weights. A parameter that took no part in the loss has gradient 0. A batch without any truth for
 * this network moves nothing. When the loss is not finite, nothing moves either.
 */
export function trainingStep(
  network: Network,
  adam: Adam,
  batch: () => Batch,
  options: { readonly loss: LossSettings; readonly learningRate: number; readonly random: RandomSource },
): StepLosses | NotFinite | undefined {
  return scope(() => {
    const { input, truth } = batch();
    const { losses, total } = scope(() => {
      const prediction = network.forward(input, { mode: "train", random: options.random });
      const found = jointLoss(prediction, truth, options.loss);
      if (found === undefined) return { losses: undefined, total: undefined };
      const losses = {
        loss: found.total.item(),
        ...(found.segmentation === undefined ? {} : { segmentation: found.segmentation.item() }),
        ...(found.diagnosis === undefined ? {} : { diagnosis: found.diagnosis.item() }),
      };
      if (!Number.isFinite(losses.loss))
        return { losses: new NotFinite(firstNotFinite(network, namedHeads(prediction))), total: undefined };
      return { losses, total: found.total };
    });
    if (total === undefined) return losses;
    const parameters = [...network.parameters().values()];
    const found = gradients(total, parameters);
    const complete = withoutGradients(() =>
      found.map((gradient, index) => gradient ?? zerosLike(parameters[index] as Tensor)),
    );
    adam.step(complete, options.learningRate);
    return losses;
  });
}

/** Weights are looked at before heads: a head goes wrong because a weight did. */
function firstNotFinite(network: Network, heads: ReadonlyMap<string, Tensor>): string {
  for (const [path, tensor] of network.state()) if (!isFiniteTensor(tensor)) return `weight ${path}`;
  for (const [name, logits] of heads) if (!isFiniteTensor(logits)) return `head ${name}`;
  return "the loss itself";
}

function isFiniteTensor(tensor: Tensor): boolean {
  return tensor.toNumbers().every(Number.isFinite);
}

function zerosLike({ shape, dtype, device }: Tensor): Tensor {
  return zeros(shape, { dtype, device });
}
