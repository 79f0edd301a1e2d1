import type { RandomSource } from "@multirnet/base";
import { linear, Module, type Parameter, type Tensor } from "@multirnet/engine";

import { constant, heNormal } from "./initial.js";

/** x · weightᵀ + bias. */
export class Linear extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;

  constructor({ from, to }: { from: number; to: number }, init: RandomSource) {
    super();
    this.weight = heNormal([to, from], from, init.derive("weight"));
    this.bias = constant([to], 0);
  }

  /** @param x N×from @returns N×to */
  forward(x: Tensor): Tensor {
    return linear(x, this.weight.tensor, { bias: this.bias.tensor });
  }
}
