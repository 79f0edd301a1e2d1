import type { RandomSource } from "@multirnet/base";
import { cat, Module, scope, type Tensor } from "@multirnet/engine";

import type { PerAxis } from "../layers/convolution.js";
import type { Pass } from "../network.js";
import { chain } from "./chain.js";
import { ConvolutionNorm } from "./convolution-norm.js";

/**
 * A receptive-field block: four branches that look 1, 3, 5 and 7 pixels far, thinned along one axis after the other and then dilated; joined, with a
 * 1×1 shortcut. Liu et al., ECCV 2018, as Inf-Net changes it. 2-D.
 */
export class ReceptiveField extends Module {
  readonly branches: readonly (readonly ConvolutionNorm[])[];
  readonly joined: ConvolutionNorm;
  readonly shortcut: ConvolutionNorm;

  constructor({ from, to }: { from: number; to: number }, init: RandomSource) {
    super();
    const unit = (kernel: PerAxis, index: number, branch: number, dilation = 1): ConvolutionNorm =>
      new ConvolutionNorm(
        { dims: 2, from: index === 0 ? from : to, to, kernel, dilation },
        init.derive("branch", branch, index),
      );
    this.branches = [
      [unit(1, 0, 0)],
      ...[3, 5, 7].map((side, index) => [
        unit(1, 0, index + 1),
        unit([1, side], 1, index + 1),
        unit([side, 1], 2, index + 1),
        unit(3, 3, index + 1, side),
      ]),
    ];
    this.joined = new ConvolutionNorm({ dims: 2, from: 4 * to, to, kernel: 3 }, init.derive("joined"));
    this.shortcut = new ConvolutionNorm({ dims: 2, from, to, kernel: 1 }, init.derive("shortcut"));
  }

  forward(x: Tensor, pass: Pass): Tensor {
    return scope(() => {
      const seen = this.branches.map((branch) => chain(branch, x, pass));
      return this.joined
        .forward(cat(seen, { dim: 1 }), pass)
        .add(this.shortcut.forward(x, pass))
        .reluInPlace();
    });
  }
}
