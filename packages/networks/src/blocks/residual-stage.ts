import type { RandomSource } from "@multirnet/base";
import { Module, scope, type Tensor } from "@multirnet/engine";

import { activationOf } from "../layers/activation.js";
import type { Layer } from "../layers/norm.js";
import type { Pass } from "../network.js";
import { chain } from "./chain.js";
import { ConvNormActivation, unitOf, type UnitStyle } from "./conv-norm-activation.js";
import type { ConvolutionNorm } from "./convolution-norm.js";

/**
 * A stage of V-Net: convolutions with norm and activation between them, and the stage's input added before the last activation.
 *
 *     out = activation(norm(conv(…)) + residual)
 *
 * Milletari et al., V-Net, 3DV 2016, section 2. Differs: what is added is given by the caller, as it is the scan itself in the first stage and the
 * up-sampled half in the decoder.
 */
export class ResidualStage extends Module {
  readonly before: readonly ConvNormActivation[];
  readonly last: ConvolutionNorm;
  readonly activation: Layer;

  constructor(
    { from, to, convolutions, style }: { from: number; to: number; convolutions: number; style: UnitStyle },
    init: RandomSource,
  ) {
    super();
    const unitFrom = (index: number): number => (index === 0 ? from : to);
    this.before = Array.from(
      { length: convolutions - 1 },
      (_, index) => new ConvNormActivation({ from: unitFrom(index), to, style }, init.derive(index)),
    );
    this.last = unitOf({ from: unitFrom(convolutions - 1), to, style }, init.derive("last"));
    this.activation = activationOf(style.activation, to);
  }

  /** @param x N×from×D×H×W @param residual N×to×D×H×W, or broadcast to it @returns N×to×D×H×W */
  forward(x: Tensor, residual: Tensor, pass: Pass): Tensor {
    return scope(() => {
      const sum = scope(() => chain([...this.before, this.last], x, pass).add(residual));
      return this.activation.forward(sum, pass);
    });
  }
}
