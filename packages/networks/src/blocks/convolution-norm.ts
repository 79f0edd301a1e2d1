import type { RandomSource } from "@multirnet/base";
import { Module, type Tensor } from "@multirnet/engine";

import { Convolution, type ConvolutionOptions } from "../layers/convolution.js";
import { BatchNorm } from "../layers/norm.js";
import type { Pass } from "../network.js";
import { chain } from "./chain.js";

/** A convolution of any shape, without a bias, and batch norm: what many published networks are built of. */
export class ConvolutionNorm extends Module {
  readonly convolution: Convolution;
  readonly norm: BatchNorm;

  constructor(options: Omit<ConvolutionOptions, "bias">, init: RandomSource) {
    super();
    this.convolution = new Convolution({ ...options, bias: false }, init);
    this.norm = new BatchNorm(options.to);
  }

  forward(x: Tensor, pass: Pass): Tensor {
    return chain([this.convolution, this.norm], x, pass);
  }
}
