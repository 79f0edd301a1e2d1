import type { RandomSource } from "@multirnet/base";
import { Module, scope, type Logits, type Tensor } from "@multirnet/engine";

import type { Pass } from "../network.js";
import { chain } from "./chain.js";
import { ConvNormActivation, type UnitStyle } from "./conv-norm-activation.js";
import { unionProbability } from "./union.js";

/**
 * Reverse attention: fade what the deeper level already found, then look for what it missed.
 *
 *     out = refine((1 − σ(UP₂(coarse))) ⊙ features)
 *
 * Chen et al., ECCV 2018; MultiR-Net section 3.2. Differs: 3-D, as wide as its level, a feature for the skip and not a map, and no coarser logits are
 * added to the output.
 */
export class ReverseAttention extends Module {
  readonly refine: readonly ConvNormActivation[];

  constructor({ channels, style }: { channels: number; style: UnitStyle }, init: RandomSource) {
    super();
    const unit = { from: channels, to: channels, style: { ...style, kernel: 3 } };
    this.refine = [new ConvNormActivation(unit, init.derive(0)), new ConvNormActivation(unit, init.derive(1))];
  }

  /** @param features N×C×D×H×W @param coarse N×K×D/2×H/2×W/2 @returns N×C×D×H×W */
  forward(features: Tensor, coarse: Logits, pass: Pass): Tensor {
    return scope(() => {
      const masked = scope(() => {
        const up = coarse.upsampleTrilinear3d(features.shape.slice(2), false) as Logits;
        const missed = unionProbability(up).neg().add(1); // N×1×D×H×W
        return features.mul(missed);
      });
      return chain(this.refine, masked, pass);
    });
  }
}
