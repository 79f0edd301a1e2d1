import type { RandomSource } from "@multirnet/base";
import { conv3d, convTranspose3d, Module, type Parameter, type Tensor } from "@multirnet/engine";

import { constant, heNormal } from "./initial.js";

export interface ConvolutionOptions {
  readonly from: number; // channels in
  readonly to: number; // channels out
  readonly kernel: number; // side in voxels
  readonly stride?: number;
  readonly bias: boolean;
}

/** 3-D convolution, padded by half its kernel: the size stays, or is divided by the stride. */
export class Convolution extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;
  readonly #stride: number;
  readonly #padding: number;

  constructor({ from, to, kernel, stride = 1, bias }: ConvolutionOptions, init: RandomSource) {
    super();
    this.weight = heNormal([to, from, kernel, kernel, kernel], from * kernel ** 3, init.derive("weight"));
    this.bias = bias ? constant([to], 0) : undefined;
    this.#stride = stride;
    this.#padding = Math.floor((kernel - 1) / 2);
  }

  forward(x: Tensor): Tensor {
    return conv3d(x, this.weight.tensor, { bias: this.bias?.tensor, stride: this.#stride, padding: this.#padding });
  }
}

/** 3-D transposed convolution whose kernel is its stride: every output voxel has one source. */
export class UpConvolution extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;
  readonly #stride: number;

  constructor(
    { from, to, stride, bias }: { from: number; to: number; stride: number; bias: boolean },
    init: RandomSource,
  ) {
    super();
    this.weight = heNormal([from, to, stride, stride, stride], from, init.derive("weight"));
    this.bias = bias ? constant([to], 0) : undefined;
    this.#stride = stride;
  }

  forward(x: Tensor): Tensor {
    return convTranspose3d(x, this.weight.tensor, { bias: this.bias?.tensor, stride: this.#stride });
  }
}
