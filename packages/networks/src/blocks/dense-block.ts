import type { RandomSource } from "@multirnet/base";
import { cat, Module, scope, type Tensor } from "@multirnet/engine";

import { Convolution, type Dims } from "../layers/convolution.js";
import { BatchNorm } from "../layers/norm.js";
import type { Pass } from "../network.js";

/** Layers that each see all that was made before them, and add `growth` channels to it. Huang et al., CVPR 2017. */
export class DenseBlock extends Module {
  readonly layers: readonly DenseLayer[];

  constructor(
    { dims, from, layers, growth }: { dims: Dims; from: number; layers: number; growth: number },
    init: RandomSource,
  ) {
    super();
    this.layers = Array.from(
      { length: layers },
      (_, index) => new DenseLayer({ dims, from: from + index * growth, growth }, init.derive(index)),
    );
  }

  forward(x: Tensor, pass: Pass): Tensor {
    return scope(() =>
      this.layers.reduce((seen, layer) => {
        const more = cat([seen, layer.forward(seen, pass)], { dim: 1 });
        if (seen !== x) seen.release();
        return more;
      }, x),
    );
  }
}

const BOTTLENECK = 4; // times the growth

/** Norm, ReLU, 1×1; norm, ReLU, 3×3. */
class DenseLayer extends Module {
  readonly norm1: BatchNorm;
  readonly squeeze: Convolution;
  readonly norm2: BatchNorm;
  readonly convolution: Convolution;

  constructor({ dims, from, growth }: { dims: Dims; from: number; growth: number }, init: RandomSource) {
    super();
    const between = BOTTLENECK * growth;
    this.norm1 = new BatchNorm(from);
    this.squeeze = new Convolution({ dims, from, to: between, kernel: 1, bias: false }, init.derive("squeeze"));
    this.norm2 = new BatchNorm(between);
    this.convolution = new Convolution(
      { dims, from: between, to: growth, kernel: 3, bias: false },
      init.derive("convolution"),
    );
  }

  forward(x: Tensor, pass: Pass): Tensor {
    return scope(() => {
      const squeezed = this.squeeze.forward(this.norm1.forward(x, pass).reluInPlace());
      return this.convolution.forward(this.norm2.forward(squeezed, pass).reluInPlace());
    });
  }
}
