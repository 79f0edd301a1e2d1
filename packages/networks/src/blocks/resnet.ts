import type { RandomSource } from "@multirnet/base";
import { Module, scope, type Tensor } from "@multirnet/engine";

import { MaxPool } from "../layers/pooling.js";
import type { Pass } from "../network.js";
import type { NameRule } from "../reference.js";
import { chain } from "./chain.js";
import { ConvolutionNorm } from "./convolution-norm.js";

const EXPANSION = 4;

export interface ResNetShape {
  readonly blocks: readonly number[]; // of the four stages
  readonly planes: number; // of the first stage; each further one has twice as many
}

/** ResNet without its head, 2-D, as torchvision has it: the stride on the 3×3. He et al., CVPR 2016. */
export class ResNetFeatures extends Module {
  readonly stem: ConvolutionNorm;
  readonly stages: readonly (readonly Bottleneck[])[];
  readonly pool = new MaxPool({ dims: 2, kernel: 3, stride: 2, padding: 1 });

  constructor({ blocks, planes }: ResNetShape, init: RandomSource) {
    super();
    this.stem = new ConvolutionNorm({ dims: 2, from: 3, to: planes, kernel: 7, stride: 2 }, init.derive("stem"));
    this.stages = blocks.map((count, stage) =>
      Array.from({ length: count }, (_, index) => {
        const between = planes * 2 ** stage;
        const from = index > 0 ? EXPANSION * between : stage === 0 ? planes : (EXPANSION * between) / 2;
        const stride = index === 0 && stage > 0 ? 2 : 1;
        return new Bottleneck({ from, between, stride }, init.derive(stage, index));
      }),
    );
  }

  /** @param x N×3×H×W @returns N×(32·planes)×H/32×W/32 */
  forward(x: Tensor, pass: Pass): Tensor {
    return scope(() =>
      this.stages.reduce(
        (feature, stage) => chain(stage, feature, pass),
        this.pool.forward(this.stem.forward(x, pass).reluInPlace()),
      ),
    );
  }
}

/** 1×1, 3×3, 1×1, each with its norm; the sum with the shortcut. */
class Bottleneck extends Module {
  readonly units: readonly ConvolutionNorm[];
  readonly shortcut: ConvolutionNorm | undefined;

  constructor({ from, between, stride }: { from: number; between: number; stride: number }, init: RandomSource) {
    super();
    const to = EXPANSION * between;
    this.units = [
      new ConvolutionNorm({ dims: 2, from, to: between, kernel: 1 }, init.derive(0)),
      new ConvolutionNorm({ dims: 2, from: between, to: between, kernel: 3, stride }, init.derive(1)),
      new ConvolutionNorm({ dims: 2, from: between, to, kernel: 1 }, init.derive(2)),
    ];
    this.shortcut =
      from === to && stride === 1
        ? undefined
        : new ConvolutionNorm({ dims: 2, from, to, kernel: 1, stride }, init.derive("shortcut"));
  }

  forward(x: Tensor, pass: Pass): Tensor {
    const [first, second, third] = this.units as [ConvolutionNorm, ConvolutionNorm, ConvolutionNorm];
    return scope(() => {
      const seen = second.forward(first.forward(x, pass).reluInPlace(), pass).reluInPlace();
      return third
        .forward(seen, pass)
        .add(this.shortcut?.forward(x, pass) ?? x)
        .reluInPlace();
    });
  }
}

/** Names of torchvision's ResNet. @param there what stands in theirs for the stem's convolution, its norm and the four stages */
export const resnetRules = (there: readonly string[], here: string): NameRule[] => [
  ...["stem.convolution", "stem.norm", "stages.0", "stages.1", "stages.2", "stages.3"].map((ours, index): NameRule => [
    new RegExp(`^${(there[index] ?? "").replaceAll(".", "\\.")}\\.`),
    `${here}${ours}.`,
  ]),
  ...[1, 2, 3].flatMap((index): NameRule[] => [
    [new RegExp(`(stages\\.\\d\\.\\d+)\\.conv${String(index)}\\.`), `$1.units.${String(index - 1)}.convolution.`],
    [new RegExp(`(stages\\.\\d\\.\\d+)\\.bn${String(index)}\\.`), `$1.units.${String(index - 1)}.norm.`],
  ]),
  [/(stages\.\d\.\d+)\.downsample\.0\./, "$1.shortcut.convolution."],
  [/(stages\.\d\.\d+)\.downsample\.1\./, "$1.shortcut.norm."],
];
