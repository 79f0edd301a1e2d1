import type { RandomSource } from "@multirnet/base";
import { Module, scope, type Tensor } from "@multirnet/engine";

import { Linear } from "../layers/linear.js";
import { globalAverage } from "../layers/pooling.js";

/** Weighs each channel by what the whole picture holds: σ(W₂ relu(W₁ mean)). Hu et al., CVPR 2018. */
export class SqueezeExcitation extends Module {
  readonly squeeze: Linear;
  readonly excite: Linear;

  constructor({ channels, between }: { channels: number; between: number }, init: RandomSource) {
    super();
    this.squeeze = new Linear({ from: channels, to: between }, init.derive("squeeze"));
    this.excite = new Linear({ from: between, to: channels }, init.derive("excite"));
  }

  forward(x: Tensor): Tensor {
    return scope(() => {
      const weights = this.excite.forward(this.squeeze.forward(globalAverage(x)).reluInPlace()).sigmoid();
      return x.mul(weights.reshape([...weights.shape, ...x.shape.slice(2).map(() => 1)]));
    });
  }
}
