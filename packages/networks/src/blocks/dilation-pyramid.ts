import type { RandomSource } from "@multirnet/base";
import { cat, Module, scope, type Tensor } from "@multirnet/engine";

import { Convolution } from "../layers/convolution.js";
import { ConvolutionRelu } from "./convolution-relu.js";
import { SqueezeExcitation } from "./squeeze-excitation.js";

/** Grouped pyramid of dilated convolutions: wider, groups that look differently far, excitation, and back. Wu et al., IEEE TIP 30, 2021. 2-D. */
export class DilationPyramid extends Module {
  readonly widen: ConvolutionRelu;
  readonly groups: readonly Convolution[];
  readonly excitation: SqueezeExcitation;
  readonly narrow: ConvolutionRelu;
  readonly last: ConvolutionRelu;

  constructor({ channels, dilations }: { channels: number; dilations: readonly number[] }, init: RandomSource) {
    super();
    const [wide, group] = [2 * channels, channels / 2];
    this.widen = new ConvolutionRelu({ dims: 2, from: channels, to: wide, kernel: 1 }, init.derive("widen"));
    this.groups = dilations.map(
      (dilation, index) =>
        new Convolution(
          { dims: 2, from: group, to: group, kernel: 3, dilation, bias: true },
          init.derive("group", index),
        ),
    );
    this.excitation = new SqueezeExcitation({ channels: wide, between: wide / 4 }, init.derive("excitation"));
    this.narrow = new ConvolutionRelu({ dims: 2, from: wide, to: channels, kernel: 1 }, init.derive("narrow"));
    this.last = new ConvolutionRelu({ dims: 2, from: channels, to: channels, kernel: 3 }, init.derive("last"));
  }

  forward(x: Tensor): Tensor {
    const group = (x.shape[1] ?? 0) / 2;
    return scope(() => {
      const wide = this.widen.forward(x);
      const parts = this.groups.map((convolution, index) => convolution.forward(wide.narrow(1, index * group, group)));
      const excited = this.excitation.forward(cat(parts, { dim: 1 }).reluInPlace());
      return this.last.forward(this.narrow.forward(excited));
    });
  }
}
