import type { RandomSource } from "@multirnet/base";
import { Module, scope, type Tensor } from "@multirnet/engine";

import { Convolution, type ConvolutionOptions } from "../layers/convolution.js";

/** A convolution with a bias, and ReLU, without a norm. */
export class ConvolutionRelu extends Module {
  readonly convolution: Convolution;

  constructor(options: Omit<ConvolutionOptions, "bias">, init: RandomSource) {
    super();
    this.convolution = new Convolution({ ...options, bias: true }, init);
  }

  forward(x: Tensor): Tensor {
    return scope(() => this.convolution.forward(x).reluInPlace());
  }
}
