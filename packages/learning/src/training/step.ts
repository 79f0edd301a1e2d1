import type { RandomSource } from "@multirnet/base";
import { gradients, scope, withoutGradients, type Tensor } from "@multirnet/engine";
import { namedHeads, type Network } from "@multirnet/networks";

import type { LossSettings } from "../config/loss.js";
import { jointLoss } from "../losses/index.js";
import type { Adam } from "../optimisers/adam.js";
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

/**
 * One training step: prediction, loss, gradient, weights. A parameter that took no part in the loss has gradient 0; a frozen one is not touched. A batch without any truth for
 * this network moves no weight, nor does one whose loss is not finite; batch norms have seen it all the same.
 */
export function trainingStep(
  network: Network,
  adam: Adam,
  batch: () => Batch,
  options: {
    readonly loss: LossSettings;
    readonly learningRate: number;
    readonly random: RandomSource;
    readonly frozen: ReadonlySet<string>;
  },
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
    const parameters = network.parameters();
    const moved = new Map([...parameters].filter(([path]) => !options.frozen.has(path)));
    const paths = [...moved.keys()];
    const found = new Map(gradients(total, [...moved.values()]).map((gradient, index) => [paths[index], gradient]));
    const complete = withoutGradients(() =>
      Array.from(parameters, ([path, parameter]) =>
        moved.has(path) ? (found.get(path) ?? zerosLike(parameter)) : undefined,
      ),
    );
    adam.step(complete, options.learningRate);
    return losses;
  });
}

/**
 * What went wrong first, as near as it can be told afterwards: a weight before what it made of its input, running statistics before heads that lie
 * behind them.
 */
function firstNotFinite(network: Network, heads: ReadonlyMap<string, Tensor>): string {
  const isWrong = ([, tensor]: readonly [string, Tensor]): boolean => !isFiniteTensor(tensor);
  const weight = [...network.parameters()].find(isWrong);
  if (weight !== undefined) return `weight ${weight[0]}`;
  const statistic = [...network.state()].find(isWrong);
  if (statistic !== undefined) return `statistic ${statistic[0]}`;
  const head = [...heads].find(isWrong);
  return head === undefined ? "the loss itself" : `head ${head[0]}`;
}

function isFiniteTensor(tensor: Tensor): boolean {
  return tensor.toNumbers().every(Number.isFinite);
}
