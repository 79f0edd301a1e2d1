import type { RandomSource } from "@multirnet/base";
import { asLogits, cat, Module, scope, type Logits, type Tensor } from "@multirnet/engine";

import { ConvNormActivation, UpNormActivation, type UnitStyle } from "../blocks/conv-norm-activation.js";
import { MultiScaleFusion } from "../blocks/multi-scale-fusion.js";
import { ResidualStage } from "../blocks/residual-stage.js";
import { ReverseAttention } from "../blocks/reverse-attention.js";
import { Convolution } from "../layers/convolution.js";
import type { Pass } from "../network.js";
import { part } from "../part.js";
import type { MultirNetOptions } from "./options.js";

const CONVOLUTIONS_DOWN = [2, 3, 3, 3]; // of the four stages below the first, which has one
const CONVOLUTIONS_UP = [1, 2, 3, 3]; // of the four decoder levels, the finest first

/** Each side of the input is a multiple of this: four halvings. */
export const SIZE_MULTIPLE = 16;

/** What the segmentation subnet finds: the fused logits, those of the coarser levels for deep supervision, and its deepest feature. */
export interface Outline {
  readonly lesion: Logits; // N×K×D×H×W
  readonly levels: readonly Logits[]; // level i: N×K×D/2ⁱ×H/2ⁱ×W/2ⁱ, the finest first
  readonly bottleneck: Tensor; // N×C×D/16×H/16×W/16
}

/** The V-Net backbone with reverse attention and multi-scale fusion. MultiR-Net section 3.1 to 3.3. */
export class SegmentationSubnet extends Module {
  readonly first: ResidualStage;
  readonly down: readonly DownStage[];
  readonly bottleneckHead: Convolution | undefined;
  readonly up: readonly UpStage[];
  readonly fusion: MultiScaleFusion;

  constructor(options: MultirNetOptions, init: RandomSource) {
    super();
    const { widths, kernel, norm, activation, reverseAttention, fusionWeights } = options;
    const style: UnitStyle = { kernel, norm, activation };
    const lesionTypes = options.lesions.length;
    const [finest = 1, ...deeper] = widths;
    const deepest = widths.at(-1) ?? 1;
    this.first = new ResidualStage({ from: 2, to: finest, convolutions: 1, style }, init.derive("first"));
    this.down = deeper.map(
      (to, index) =>
        new DownStage(
          { from: widths[index] ?? 1, to, convolutions: CONVOLUTIONS_DOWN[index] ?? 1, style },
          init.derive("down", index),
        ),
    );
    this.bottleneckHead = reverseAttention
      ? new Convolution({ from: deepest, to: lesionTypes, kernel: 1, bias: true }, init.derive("bottleneckHead"))
      : undefined;
    this.up = CONVOLUTIONS_UP.map(
      (convolutions, level) =>
        new UpStage(
          { from: widths[level + 1] ?? 1, to: widths[level] ?? 1, convolutions, lesionTypes, reverseAttention, style },
          init.derive("up", level),
        ),
    );
    this.fusion = new MultiScaleFusion({ lesionTypes, weights: fusionWeights });
  }

  /** @param scan N×1×D×H×W @param map N×1×D×H×W, the fused probability of the previous pass, zero in the first */
  forward(scan: Tensor, map: Tensor, pass: Pass): Outline {
    return scope(() => {
      const features = [part("first", () => this.first.forward(cat([scan, map], { dim: 1 }), scan, pass))];
      for (const [index, stage] of this.down.entries()) {
        features.push(part(`down.${String(index)}`, () => stage.forward(features[index] as Tensor, pass)));
      }
      const bottleneck = features.pop() as Tensor;
      let deeper = { feature: bottleneck, logits: asLogitsOf(this.bottleneckHead, bottleneck) };
      const levels: Logits[] = [];
      for (let level = this.up.length - 1; level >= 0; level--) {
        const stage = this.up[level] as UpStage;
        const skip = features.pop() as Tensor;
        const found = part(`up.${String(level)}`, () => stage.forward(deeper, skip, pass));
        skip.release();
        if (deeper.feature !== bottleneck) deeper.feature.release();
        levels.unshift(found.logits);
        deeper = found;
      }
      deeper.feature.release();
      return { lesion: part("fusion", () => this.fusion.forward(levels)), levels, bottleneck };
    });
  }
}

function asLogitsOf(head: Convolution | undefined, feature: Tensor): Logits | undefined {
  return head === undefined ? undefined : asLogits(head.forward(feature));
}

/** A strided convolution that halves each side, then a residual stage. */
class DownStage extends Module {
  readonly halve: ConvNormActivation;
  readonly stage: ResidualStage;

  constructor(options: { from: number; to: number; convolutions: number; style: UnitStyle }, init: RandomSource) {
    super();
    const { from, to, convolutions, style } = options;
    this.halve = new ConvNormActivation({ from, to, stride: 2, style: { ...style, kernel: 2 } }, init.derive("halve"));
    this.stage = new ResidualStage({ from: to, to, convolutions, style }, init.derive("stage"));
  }

  forward(x: Tensor, pass: Pass): Tensor {
    const half = this.halve.forward(x, pass);
    return this.stage.forward(half, half, pass);
  }
}

/** A level of the decoder: double each side, join the skip, a residual stage, and the level's own lesion logits. */
class UpStage extends Module {
  readonly double: UpNormActivation;
  readonly attention: ReverseAttention | undefined;
  readonly stage: ResidualStage;
  readonly head: Convolution;

  constructor(
    options: {
      readonly from: number;
      readonly to: number;
      readonly convolutions: number;
      readonly lesionTypes: number;
      readonly reverseAttention: boolean;
      readonly style: UnitStyle;
    },
    init: RandomSource,
  ) {
    super();
    const { from, to, convolutions, lesionTypes, reverseAttention, style } = options;
    this.double = new UpNormActivation({ from, to, style }, init.derive("double"));
    this.attention = reverseAttention
      ? new ReverseAttention({ channels: to, style }, init.derive("attention"))
      : undefined;
    this.stage = new ResidualStage({ from: 2 * to, to, convolutions, style }, init.derive("stage"));
    this.head = new Convolution({ from: to, to: lesionTypes, kernel: 1, bias: true }, init.derive("head"));
  }

  /** @param deeper the next coarser level @param skip the encoder's feature of this level */
  forward(
    deeper: { readonly feature: Tensor; readonly logits: Logits | undefined },
    skip: Tensor,
    pass: Pass,
  ): { readonly feature: Tensor; readonly logits: Logits } {
    const up = this.double.forward(deeper.feature, pass);
    const joined = scope(() => {
      const coarse = deeper.logits;
      const refined = coarse === undefined ? skip : (this.attention?.forward(skip, coarse, pass) ?? skip);
      return cat([up, refined], { dim: 1 });
    });
    const feature = this.stage.forward(joined, up, pass);
    return { feature, logits: asLogits(this.head.forward(feature)) };
  }
}
