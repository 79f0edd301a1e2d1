import type { RandomSource } from "@multirnet/base";
import { Module, type Tensor } from "@multirnet/engine";

import { activationOf, type Activation } from "../layers/activation.js";
import { Convolution, UpConvolution, type Dims } from "../layers/convolution.js";
import { normOf, type Layer, type Norm } from "../layers/norm.js";
import type { Pass } from "../network.js";
import { chain } from "./chain.js";

/** What all convolution units of a network share. */
export interface UnitStyle {
  readonly dims?: Dims; // 3 unless given
  readonly kernel: number;
  readonly bias?: boolean; // of the convolution; none unless given, as a norm follows
  readonly norm: Norm;
  readonly activation: Activation;
}

/** Convolution and norm. */
export class ConvNorm extends Module {
  readonly convolution: Convolution;
  readonly norm: Layer;

  constructor(
    { from, to, style, stride = 1 }: { from: number; to: number; style: UnitStyle; stride?: number },
    init: RandomSource,
  ) {
    super();
    const { dims = 3, kernel, bias = false } = style;
    this.convolution = new Convolution({ dims, from, to, kernel, stride, bias }, init);
    this.norm = normOf(style.norm, to);
  }

  forward(x: Tensor, pass: Pass): Tensor {
    return chain([this.convolution, this.norm], x, pass);
  }
}

/** Convolution, norm, activation. */
export class ConvNormActivation extends Module {
  readonly unit: ConvNorm;
  readonly activation: Layer;

  constructor(options: { from: number; to: number; style: UnitStyle; stride?: number }, init: RandomSource) {
    super();
    this.unit = new ConvNorm(options, init);
    this.activation = activationOf(options.style.activation, options.to);
  }

  forward(x: Tensor, pass: Pass): Tensor {
    return chain([this.unit, this.activation], x, pass);
  }
}

/** Transposed convolution that doubles each side, norm, activation. */
export class UpNormActivation extends Module {
  readonly convolution: UpConvolution;
  readonly norm: Layer;
  readonly activation: Layer;

  constructor(
    { from, to, style, bias = false }: { from: number; to: number; style: UnitStyle; bias?: boolean },
    init: RandomSource,
  ) {
    super();
    this.convolution = new UpConvolution({ from, to, stride: 2, bias }, init);
    this.norm = normOf(style.norm, to);
    this.activation = activationOf(style.activation, to);
  }

  forward(x: Tensor, pass: Pass): Tensor {
    return chain([this.convolution, this.norm, this.activation], x, pass);
  }
}
