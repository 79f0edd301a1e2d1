import type { RandomSource } from "@multirnet/base";
import { Module, scope, type Tensor } from "@multirnet/engine";

import type { Pass } from "../network.js";
import { chain } from "./chain.js";
import { unitOf, type UnitStyle } from "./conv-norm-activation.js";
import type { ConvolutionNorm } from "./convolution-norm.js";

/**
 * Additive attention: what of a skip matters, as the deeper feature sees it.
 *
 *     out = skip ⊙ σ(norm(ψ(relu(norm(W_g g) + norm(W_x skip)))))
 *
 * Oktay et al., MIDL 2018, equation 1. Differs, as MONAI does: the gating feature has the skip's size, and norms follow the convolutions.
 */
export class AttentionGate extends Module {
  readonly ofGate: ConvolutionNorm;
  readonly ofSkip: ConvolutionNorm;
  readonly score: ConvolutionNorm;

  constructor({ channels, between }: { channels: number; between: number }, init: RandomSource) {
    super();
    const style: UnitStyle = { kernel: 1, norm: "batch", activation: "relu", bias: true };
    this.ofGate = unitOf({ from: channels, to: between, style }, init.derive("gate"));
    this.ofSkip = unitOf({ from: channels, to: between, style }, init.derive("skip"));
    this.score = unitOf({ from: between, to: 1, style }, init.derive("score"));
  }

  /** @param gate and `skip` N×C×space @returns N×C×space */
  forward(gate: Tensor, skip: Tensor, pass: Pass): Tensor {
    return scope(() => {
      const sum = this.ofGate.forward(gate, pass).add(this.ofSkip.forward(skip, pass)).reluInPlace();
      return skip.mul(chain([this.score], sum, pass).sigmoid());
    });
  }
}
