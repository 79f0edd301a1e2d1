import { Module, type Parameter, type Tensor } from "@multirnet/engine";

import { constant } from "./initial.js";
import type { Layer } from "./norm.js";

export const ACTIVATIONS = ["prelu", "relu", "elu", "leaky"] as const;
export type Activation = (typeof ACTIVATIONS)[number];

/** @returns the activation of the given kind */
export function activationOf(kind: Activation, channels: number): Layer {
  switch (kind) {
    case "prelu":
      return new Prelu(channels);
    case "relu":
      return new Relu();
    case "elu":
      return new Elu();
    case "leaky":
      return new LeakyRelu();
  }
}

/** x where positive, else slope · x, with a learned slope for each channel, 0.25 at first. He et al., ICCV 2015. */
class Prelu extends Module {
  readonly weight: Parameter;

  constructor(channels: number) {
    super();
    this.weight = constant([channels], 0.25);
  }

  forward(x: Tensor): Tensor {
    return x.prelu(this.weight.tensor);
  }
}

class Relu extends Module {
  forward(x: Tensor): Tensor {
    return x.relu();
  }
}

/** x where positive, else x / 10, as MONAI's U-Nets have it. */
class LeakyRelu extends Module {
  forward(x: Tensor): Tensor {
    return x.leakyRelu({ negativeSlope: 0.1 });
  }
}

/** x where positive, else eˣ − 1. Clevert et al., ICLR 2016. */
class Elu extends Module {
  forward(x: Tensor): Tensor {
    return x.elu();
  }
}
