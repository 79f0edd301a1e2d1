import type { RandomSource } from "@multirnet/base";
import { Module, type Tensor } from "@multirnet/engine";

import type { Pass } from "../network.js";
import { chain } from "./chain.js";
import { ConvNormActivation, type UnitStyle } from "./conv-norm-activation.js";

/** Two convolution units, as every level of a U-Net has them. */
export class DoubleConvolution extends Module {
  readonly units: readonly [ConvNormActivation, ConvNormActivation];

  constructor(
    {
      from,
      between,
      to,
      stride = 1,
      style,
    }: { from: number; between?: number; to: number; stride?: number; style: UnitStyle },
    init: RandomSource,
  ) {
    super();
    const middle = between ?? to;
    this.units = [
      new ConvNormActivation({ from, to: middle, stride, style }, init.derive(0)),
      new ConvNormActivation({ from: middle, to, style }, init.derive(1)),
    ];
  }

  forward(x: Tensor, pass: Pass): Tensor {
    return chain(this.units, x, pass);
  }
}
