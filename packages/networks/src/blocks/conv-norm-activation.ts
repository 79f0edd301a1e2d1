import type { RandomSource } from "@multirnet/base";
import { Module, type Tensor } from "@multirnet/engine";

import { activationOf, type Activation } from "../layers/activation.js";
import { UpConvolution, type Dims } from "../layers/convolution.js";
import { normOf, type Layer, type Norm } from "../layers/norm.js";
import type { Pass } from "../network.js";
import { chain } from "./chain.js";
import { ConvolutionNorm } from "./convolution-norm.js";

/** What all convolution units of a network share. */
export interface UnitStyle {
  readonly dims?: Dims; // 3 unless given
  readonly kernel: number;
  readonly bias?: boolean; // of the convolution; none unless given, as a norm follows
  readonly norm: Norm;
  readonly activation: Activation;
}

interface UnitOptions {
  readonly from: number;
  readonly to: number;
  readonly style: UnitStyle;
  readonly stride?: number;
}

/** Convolution and norm, in a network's style. */
export function unitOf({ style, ...shape }: UnitOptions, init: RandomSource): ConvolutionNorm {
  const { norm, activation: _, ...convolution } = style;
  return new ConvolutionNorm({ ...shape, ...convolution, norm: (channels) => normOf(norm, channels) }, init);
}

/** Convolution, norm, activation. */
export class ConvNormActivation extends Module {
  readonly unit: ConvolutionNorm;
  readonly activation: Layer;

  constructor(options: UnitOptions, init: RandomSource) {
    super();
    this.unit = unitOf(options, init);
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
