import {
  batchNorm,
  Buffer,
  groupNorm,
  instanceNorm,
  layerNorm,
  Module,
  tensorFrom,
  type Parameter,
  type Tensor,
} from "@multirnet/engine";

import type { Pass } from "../network.js";
import { constant } from "./initial.js";

export const NORMS = ["batch", "instance", "group"] as const;
export type Norm = (typeof NORMS)[number];

const EPSILON = 1e-5; // as in PyTorch
const MOMENTUM = 0.1; // share of the newest batch in the running statistics, as in PyTorch
const GROUPS = 8; // 1 where there are fewer channels

/** A layer that changes its input and not its shape. */
export interface Layer extends Module {
  forward(x: Tensor, pass: Pass): Tensor;
}

/** @returns the norm of the given kind, with learned scale and shift */
export function normOf(kind: Norm, channels: number): Layer {
  switch (kind) {
    case "batch":
      return new BatchNorm(channels);
    case "instance":
      return new InstanceNorm(channels);
    case "group":
      return new GroupNorm(channels);
  }
}

/**
 * Batch normalisation, y = scale · (x − mean) / √(variance + ε) + shift, over N and space. In training with the batch's own statistics, which
 * move the running ones; in evaluation with the running ones. Ioffe and Szegedy, ICML 2015.
 */
export class BatchNorm extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly runningMean: Buffer;
  readonly runningVar: Buffer;

  constructor(channels: number) {
    super();
    this.weight = constant([channels], 1);
    this.bias = constant([channels], 0);
    this.runningMean = new Buffer(tensorFrom(new Float32Array(channels), [channels]));
    this.runningVar = new Buffer(tensorFrom(new Float32Array(channels).fill(1), [channels]));
  }

  forward(x: Tensor, { mode, statistics }: Pass): Tensor {
    const [weight, bias] = [this.weight.tensor, this.bias.tensor];
    if (mode === "eval" && statistics === "batch")
      return batchNorm(x, weight, bias, undefined, undefined, true, MOMENTUM, EPSILON);
    const [mean, variance] = [this.runningMean.tensor, this.runningVar.tensor];
    return batchNorm(x, weight, bias, mean, variance, mode === "train", MOMENTUM, EPSILON);
  }
}

/** Batch normalisation whose scale, shift and statistics are given and stay as they are; as published without an epsilon. */
export class FrozenNorm extends Module {
  readonly weight: Buffer;
  readonly bias: Buffer;
  readonly runningMean: Buffer;
  readonly runningVar: Buffer;

  constructor(channels: number) {
    super();
    const all = (value: number): Buffer => new Buffer(tensorFrom(new Float32Array(channels).fill(value), [channels]));
    this.weight = all(1);
    this.bias = all(0);
    this.runningMean = all(0);
    this.runningVar = all(1);
  }

  forward(x: Tensor): Tensor {
    const { weight, bias, runningMean, runningVar } = this;
    const statistics = [weight.tensor, bias.tensor, runningMean.tensor, runningVar.tensor] as const;
    return batchNorm(x, ...statistics, false, MOMENTUM, 0);
  }
}

/** Instance normalisation: each sample's own statistics over space, always. Ulyanov et al., 2016. */
export class InstanceNorm extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;

  constructor(channels: number) {
    super();
    this.weight = constant([channels], 1);
    this.bias = constant([channels], 0);
  }

  forward(x: Tensor): Tensor {
    return instanceNorm(x, this.weight.tensor, this.bias.tensor, undefined, undefined, true, MOMENTUM, EPSILON);
  }
}

/** Group normalisation: each sample's statistics over groups of channels and space. Wu and He, ECCV 2018. */
export class GroupNorm extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly #groups: number;
  readonly #epsilon: number;

  /** @param options `groups`: 8 unless given, or 1 where there are fewer channels */
  constructor(
    channels: number,
    {
      groups = channels % GROUPS === 0 ? GROUPS : 1,
      epsilon = EPSILON,
    }: { readonly groups?: number; readonly epsilon?: number } = {},
  ) {
    super();
    this.weight = constant([channels], 1);
    this.bias = constant([channels], 0);
    this.#groups = groups;
    this.#epsilon = epsilon;
  }

  forward(x: Tensor): Tensor {
    const [weight, bias] = [this.weight.tensor, this.bias.tensor];
    const same = x.dtype === weight.dtype ? x : x.toDtype(weight.dtype); // it takes no two, as in mixed precision
    return groupNorm(same, this.#groups, { weight, bias, eps: this.#epsilon });
  }
}

/** Layer normalisation: each token's own statistics over its channels, the last axis. Ba et al., 2016. */
export class LayerNorm extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly #epsilon: number;

  constructor(channels: number, { epsilon = EPSILON }: { readonly epsilon?: number } = {}) {
    super();
    this.weight = constant([channels], 1);
    this.bias = constant([channels], 0);
    this.#epsilon = epsilon;
  }

  forward(x: Tensor): Tensor {
    const [weight, bias] = [this.weight.tensor, this.bias.tensor];
    return layerNorm(x, weight.shape, { weight, bias, eps: this.#epsilon });
  }
}
