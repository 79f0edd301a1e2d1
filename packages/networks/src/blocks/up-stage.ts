import type { RandomSource } from "@multirnet/base";
import { cat, Module, scope, type Tensor } from "@multirnet/engine";

import { UpConvolution } from "../layers/convolution.js";
import type { Pass } from "../network.js";
import type { UnitStyle } from "./conv-norm-activation.js";
import { DoubleConvolution } from "./double-convolution.js";

/** A level of a U-Net's decoder: the deeper feature up-sampled, joined with the skips of its level, two convolution units. */
export class UpStage extends Module {
  readonly up: UpConvolution;
  readonly convolutions: DoubleConvolution;

  /** @param options `from`: channels of the deeper feature; `up`: what of them is left after up-sampling; `skip`: of all skips together */
  constructor(
    {
      from,
      up,
      skip,
      to,
      upBias,
      style,
    }: { from: number; up: number; skip: number; to: number; upBias: boolean; style: UnitStyle },
    init: RandomSource,
  ) {
    super();
    this.up = new UpConvolution({ dims: style.dims ?? 3, from, to: up, stride: 2, bias: upBias }, init.derive("up"));
    this.convolutions = new DoubleConvolution({ from: skip + up, to, style }, init.derive("convolutions"));
  }

  /** @param skips N×C×space each @param deeper N×from×half of it @returns N×to×space */
  forward(skips: readonly Tensor[], deeper: Tensor, pass: Pass): Tensor {
    return scope(() => {
      const joined = scope(() => cat([...skips, this.up.forward(deeper)], { dim: 1 }));
      return this.convolutions.forward(joined, pass);
    });
  }
}
