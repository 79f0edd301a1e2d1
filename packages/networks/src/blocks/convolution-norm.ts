import type { RandomSource } from "@multirnet/base";
import { Module, type Tensor } from "@multirnet/engine";

import { Convolution, type ConvolutionOptions } from "../layers/convolution.js";
import { BatchNorm, type Layer } from "../layers/norm.js";
import type { Pass } from "../network.js";
import { chain } from "./chain.js";

export interface ConvolutionNormOptions extends Omit<ConvolutionOptions, "bias"> {
  readonly bias?: boolean; // of the convolution; none unless given, as a norm follows
  readonly norm?: (channels: number) => Layer; // batch norm unless given
}

/** A convolution of any shape and a norm: what nearly all networks are built of. */
export class ConvolutionNorm extends Module {
  readonly convolution: Convolution;
  readonly norm: Layer;

  constructor(
    { bias = false, norm = (channels) => new BatchNorm(channels), ...shape }: ConvolutionNormOptions,
    init: RandomSource,
  ) {
    super();
    this.convolution = new Convolution({ ...shape, bias }, init);
    this.norm = norm(shape.to);
  }

  forward(x: Tensor, pass: Pass): Tensor {
    return chain([this.convolution, this.norm], x, pass);
  }
}
