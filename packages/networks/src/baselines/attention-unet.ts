import type { RandomSource } from "@multirnet/base";
import { asLogits, cat, instanceNorm, Module, scope, type Parameter, type Tensor } from "@multirnet/engine";
import { z } from "zod";

import { AttentionGate } from "../blocks/attention-gate.js";
import type { UnitStyle } from "../blocks/conv-norm-activation.js";
import { DoubleConvolution } from "../blocks/double-convolution.js";
import { requireRegion, requireStatistics } from "../input.js";
import { Convolution, UpConvolution } from "../layers/convolution.js";
import { constant } from "../layers/initial.js";
import { BatchNorm } from "../layers/norm.js";
import { Network, type Pass, type Prediction } from "../network.js";
import { LESIONS } from "../options.js";
import { part } from "../part.js";

/** Each side of the input is a multiple of this: four halvings. */
export const ATTENTION_UNET_MULTIPLE = 16;

export const attentionUnetOptions = z.strictObject({
  lesions: LESIONS,
  widths: z
    .array(z.int().min(2).multipleOf(2))
    .length(5)
    .default([64, 128, 256, 512, 1024])
    .describe("channels of the five levels"),
});
export type AttentionUnetOptions = z.infer<typeof attentionUnetOptions>;

export const attentionUnetPresets = {
  full: {},
  small: { widths: [8, 16, 32, 64, 128] },
  tiny: { widths: [2, 4, 6, 8, 10] },
} as const satisfies Record<string, z.input<typeof attentionUnetOptions>>;

const STYLE: UnitStyle = { kernel: 3, norm: "batch", activation: "relu", bias: true };

/**
 * Attention U-Net: a U-Net whose skips go through attention gates. Oktay et al., MIDL 2018, in the form of MONAI `nets/attentionunet.py`:
 * 94,482,930 parameters with two outputs.
 *
 * Differs, as MONAI does: levels are halved by the stride of their first convolution and not by pooling, the gating feature is the up-sampled one,
 * a single convolution merges gate and skip, and there is no deep supervision.
 */
export class AttentionUnet extends Network {
  readonly task = "segmentation";
  readonly encoder: readonly DoubleConvolution[];
  readonly decoder: readonly GatedStage[]; // the deepest first
  readonly head: Convolution;

  constructor({ lesions, widths }: AttentionUnetOptions, init: RandomSource) {
    super();
    this.encoder = widths.map(
      (to, level) =>
        new DoubleConvolution(
          { from: widths[level - 1] ?? 1, to, stride: level === 0 ? 1 : 2, style: STYLE },
          init.derive("encoder", level),
        ),
    );
    this.decoder = widths
      .slice(1)
      .map((from, level) => new GatedStage({ from, to: widths[level] ?? 0 }, init.derive("decoder", level)))
      .toReversed();
    const last = widths[0] ?? 0;
    this.head = new Convolution({ from: last, to: lesions.length, kernel: 1, bias: true }, init.derive("head"));
  }

  /** @param input N×1×D×H×W in [0, 1], each side a multiple of 16 */
  forward(input: Tensor, pass: Pass): Prediction {
    requireRegion("attention-unet", input, { channels: 1, multipleOf: ATTENTION_UNET_MULTIPLE });
    requireStatistics("attention-unet", input, { multipleOf: ATTENTION_UNET_MULTIPLE }, pass);
    return scope(() => {
      const features: Tensor[] = [];
      for (const [level, stage] of this.encoder.entries()) {
        const above = features[level - 1] ?? input;
        features.push(part(`encoder.${String(level)}`, () => stage.forward(above, pass)));
      }
      let feature = features.pop() as Tensor;
      for (const [index, stage] of this.decoder.entries()) {
        const [deeper, skip] = [feature, features.pop() as Tensor];
        feature = part(`decoder.${String(index)}`, () => stage.forward(skip, deeper, pass));
        deeper.release();
        skip.release();
      }
      const lesion = part("head", () => asLogits(this.head.forward(feature)));
      return { task: "segmentation", lesion, auxiliary: [] };
    });
  }
}

/** A level of the decoder: up-sampling, the gate on the skip, and one convolution that merges both. */
class GatedStage extends Module {
  readonly up: UpConvolution;
  readonly upNorm: BatchNorm;
  readonly gate: AttentionGate;
  readonly merge: Convolution;
  readonly slope: Parameter; // of the merge's PReLU, one for all channels

  constructor({ from, to }: { from: number; to: number }, init: RandomSource) {
    super();
    const doubling = { stride: 2, kernel: 3, padding: 1, outputPadding: 1, bias: true };
    this.up = new UpConvolution({ from, to, ...doubling }, init.derive("up"));
    this.upNorm = new BatchNorm(to);
    this.gate = new AttentionGate({ channels: to, between: to / 2 }, init.derive("gate"));
    this.merge = new Convolution({ from: 2 * to, to, kernel: 3, bias: true }, init.derive("merge"));
    this.slope = constant([1], 0.25);
  }

  forward(skip: Tensor, deeper: Tensor, pass: Pass): Tensor {
    return scope(() => {
      const up = this.upNorm.forward(this.up.forward(deeper), pass).reluInPlace();
      const merged = this.merge.forward(cat([this.gate.forward(up, skip, pass), up], { dim: 1 }));
      const normed = instanceNorm(merged, undefined, undefined, undefined, undefined, true, 0.1, 1e-5);
      return normed.prelu(this.slope.tensor);
    });
  }
}
