import type { RandomSource } from "@multirnet/base";
import { asLogits, cat, Module, scope, type Logits, type Tensor } from "@multirnet/engine";
import { z } from "zod";

import { chain, reluChain } from "../blocks/chain.js";
import { ConvolutionNorm } from "../blocks/convolution-norm.js";
import { ReceptiveField } from "../blocks/receptive-field.js";
import { RES2NET_V1B_26W_4S, Res2NetFeatures, res2netRules, res2netWidths } from "../blocks/res2net.js";
import { unionProbability } from "../blocks/union.js";
import { requireRegion, requireStatistics } from "../input.js";
import { Convolution } from "../layers/convolution.js";
import { enlarge, resize } from "../layers/resize.js";
import { IMAGENET, Network, type Auxiliary, type Pass, type Prediction } from "../network.js";
import { LESIONS } from "../options.js";
import { part } from "../part.js";
import { TORCH_COUNTER, TORCH_NORM, type NameRule, type Reference } from "../reference.js";

/** Each side of the input is a multiple of this: five halvings. */
export const INFNET_MULTIPLE = 32;

export const infnetOptions = z.strictObject({
  lesions: LESIONS,
  blocks: z.array(z.int().min(1)).length(4).default([3, 4, 6, 3]).describe("blocks of the backbone's four stages"),
  planes: z.int().min(10).multipleOf(2).default(64).describe("planes of the backbone's first stage"),
  width: z.int().min(1).default(32).describe("channels of the receptive-field blocks and the decoder"),
  attentionWidths: z
    .array(z.int().min(1))
    .length(3)
    .default([256, 64, 64])
    .describe("channels of reverse attention at strides 32, 16 and 8"),
});
export type InfnetOptions = z.infer<typeof infnetOptions>;

export const infnetPresets = {
  full: {},
  small: { blocks: [2, 2, 2, 2], planes: 16, width: 16, attentionWidths: [64, 32, 32] },
  tiny: { blocks: [1, 2, 1, 1], planes: 10, width: 4, attentionWidths: [6, 4, 5] },
} as const satisfies Record<string, z.input<typeof infnetOptions>>;

/**
 * Inf-Net: a rough map from the deep features, then edges and three steps of reverse attention that refine it. Fan et al., IEEE TMI 39(8), 2020,
 * with the Res2Net-50 v1b backbone of the public implementation (DengPingFan/Inf-Net): 33,121,721 parameters with that backbone's unused 1000-way
 * head, 31,072,721 without, as here.
 *
 * As there, the ReLU of its convolution unit is never called, and three heads end in a norm. Differs: the backbone's head, which nothing uses, is left
 * out; a channel a lesion type, where the union of all fades what was found.
 */
export class InfNet extends Network {
  readonly task = "segmentation";
  override readonly sees = "slice";
  override readonly normalised = IMAGENET;
  readonly backbone: Res2NetFeatures;
  readonly fields: readonly ReceptiveField[]; // at strides 8, 16, 32
  readonly decoder: PartialDecoder;
  readonly edge: readonly ConvolutionNorm[];
  readonly attention: readonly ReverseAttentionStage[]; // at strides 32, 16, 8

  constructor({ lesions, blocks, planes, width, attentionWidths }: InfnetOptions, init: RandomSource) {
    super();
    const backbone = { ...RES2NET_V1B_26W_4S, blocks, planes };
    const [w1 = 0, ...deep] = res2netWidths(backbone);
    const types = lesions.length;
    this.backbone = new Res2NetFeatures(backbone, init.derive("backbone"));
    this.fields = deep.map((from, index) => new ReceptiveField({ from, to: width }, init.derive("field", index)));
    this.decoder = new PartialDecoder({ width, types }, init.derive("decoder"));
    this.edge = [
      { from: w1, to: EDGE_WIDTH, kernel: 1 },
      { from: EDGE_WIDTH, to: EDGE_WIDTH, kernel: 3 },
      { from: EDGE_WIDTH, to: EDGE_WIDTH, kernel: 3 },
      { from: EDGE_WIDTH, to: types, kernel: 3 },
    ].map((unit, index) => new ConvolutionNorm({ dims: 2, ...unit }, init.derive("edge", index)));
    this.attention = deep
      .toReversed()
      .map(
        (from, index) =>
          new ReverseAttentionStage(
            { from, width: attentionWidths[index] ?? 0, types, deepest: index === 0 },
            init.derive("attention", index),
          ),
      );
  }

  /** @param input N×3×H×W, normalised as photographs are, each side a multiple of 32 */
  forward(input: Tensor, pass: Pass): Prediction {
    requireRegion("infnet", input, { dims: 2, channels: 3, multipleOf: INFNET_MULTIPLE });
    requireStatistics("infnet", input, { dims: 2, multipleOf: INFNET_MULTIPLE }, pass);
    const size = input.shape.slice(2);
    const full = (logits: Tensor): Logits => asLogits(resize(logits, size));
    return scope(() => {
      const [, shallow, ...deep] = part("backbone", () => this.backbone.forward(input, pass));
      const fields = this.fields.map((field, index) =>
        part(`fields.${String(index)}`, () => field.forward(deep[index] as Tensor, pass)),
      );
      const [guide, edge] = part("edge", () => {
        const feature = chain(this.edge.slice(0, -1), shallow as Tensor, pass);
        return [feature, (this.edge.at(-1) as ConvolutionNorm).forward(feature, pass)] as const;
      });
      const rough = part("decoder", () => this.decoder.forward(fields, pass)); // at stride 8
      const maps: Logits[] = [full(rough)];
      let coarse: Tensor = rough;
      for (const [index, stage] of this.attention.entries()) {
        const feature = deep[deep.length - 1 - index] as Tensor;
        const before = coarse;
        coarse = part(`attention.${String(index)}`, () => stage.forward(feature, before, guide, pass));
        maps.push(full(coarse));
      }
      const lesion = maps.at(-1) as Logits;
      const side = (name: string, logits: Logits): Auxiliary => ({ name, of: "lesion", role: "level", logits });
      const auxiliary = [
        side("global", maps[0] as Logits),
        side("map4", maps[1] as Logits),
        side("map3", maps[2] as Logits),
        { ...side("edge", full(edge)), of: "edge" as const },
      ];
      return { task: "segmentation", lesion, auxiliary };
    });
  }
}

const EDGE_WIDTH = 64;

/** Joins the features of three strides into one rough map: what is found deep weighs what is found above it. Wu et al., CVPR 2019. */
class PartialDecoder extends Module {
  readonly ups: readonly ConvolutionNorm[];
  readonly joins: readonly ConvolutionNorm[];
  readonly last: ConvolutionNorm;
  readonly head: Convolution;

  constructor({ width, types }: { width: number; types: number }, init: RandomSource) {
    super();
    const unit = (channels: number, name: string, index = 0): ConvolutionNorm =>
      new ConvolutionNorm({ dims: 2, from: channels, to: channels, kernel: 3 }, init.derive(name, index));
    this.ups = [1, 1, 1, 1, 2].map((times, index) => unit(times * width, "up", index));
    this.joins = [unit(2 * width, "join", 0), unit(3 * width, "join", 1)];
    this.last = unit(3 * width, "last");
    this.head = new Convolution({ dims: 2, from: 3 * width, to: types, kernel: 1, bias: true }, init.derive("head"));
  }

  /** @param features at strides 8, 16, 32 @returns logits at stride 8 */
  forward([at8, at16, at32]: readonly Tensor[], pass: Pass): Tensor {
    const [x1, x2, x3] = [at32 as Tensor, at16 as Tensor, at8 as Tensor];
    const doubled = (x: Tensor): Tensor => enlarge(x, 2, { alignCorners: true });
    const up = (index: number, x: Tensor): Tensor => (this.ups[index] as ConvolutionNorm).forward(x, pass);
    const join = (index: number, parts: readonly Tensor[]): Tensor =>
      (this.joins[index] as ConvolutionNorm).forward(cat(parts, { dim: 1 }), pass);
    const middle = up(0, doubled(x1)).mul(x2);
    const fine = up(1, doubled(doubled(x1)))
      .mul(up(2, doubled(x2)))
      .mul(x3);
    const joined = join(0, [middle, up(3, doubled(x1))]);
    return chain([this.last, this.head], join(1, [fine, up(4, doubled(joined))]), pass);
  }
}

/** Fades what the coarser map found, looks at what is left together with the edges, and adds what it finds to that map. */
class ReverseAttentionStage extends Module {
  readonly reduce: ConvolutionNorm;
  readonly units: readonly ConvolutionNorm[];
  readonly head: ConvolutionNorm;

  constructor(
    { from, width, types, deepest }: { from: number; width: number; types: number; deepest: boolean },
    init: RandomSource,
  ) {
    super();
    const kernel = deepest ? 5 : 3;
    this.reduce = new ConvolutionNorm({ dims: 2, from, to: width, kernel: 1 }, init.derive("reduce"));
    this.units = Array.from({ length: deepest ? 3 : 2 }, (_, index) => {
      const input = index === 0 ? width + EDGE_WIDTH : width;
      return new ConvolutionNorm({ dims: 2, from: input, to: width, kernel }, init.derive("unit", index));
    });
    this.head = new ConvolutionNorm({ dims: 2, from: width, to: types, kernel: deepest ? 1 : 3 }, init.derive("head"));
  }

  /** @returns logits at the feature's stride */
  forward(feature: Tensor, coarse: Tensor, guide: Tensor, pass: Pass): Tensor {
    return scope(() => {
      const size = feature.shape.slice(2);
      const map = resize(coarse, size);
      const missed = unionProbability(asLogits(map)).neg().add(1);
      const seen = this.reduce.forward(feature.mul(missed), pass);
      const found = reluChain(this.units, cat([seen, resize(guide, size)], { dim: 1 }), pass);
      return this.head.forward(found, pass).add(map);
    });
  }
}

const UNIT: NameRule[] = [
  [/\.conv\./, ".convolution."],
  [/\.bn\./, ".norm."],
];

/** The backbone alone, as it comes from training on photographs. */
export const INFNET_BACKBONE: Reference = {
  name: "backbone",
  source: "Res2Net/Res2Net-PretrainedModels res2net_v1b.py (res2net50_v1b_26w_4s)",
  covers: ["backbone"],
  rules: [...res2netRules("", "backbone.", "v1b"), ...TORCH_NORM],
  ignored: [TORCH_COUNTER, /^fc\./],
};

export const INFNET: Reference = {
  name: "torch",
  source: "DengPingFan/Inf-Net Code/model_lung_infection/InfNet_Res2Net.py",
  head: { tensors: /^(?:decoder\.head|edge\.3|attention\.\d\.head)\./, outputs: "lesions" },
  rules: [
    ...res2netRules("resnet.", "backbone.", "v1b"),
    ...[2, 3, 4].flatMap((stage): NameRule[] => [
      [new RegExp(`^rfb${String(stage)}_1\\.branch(\\d)\\.`), `fields.${String(stage - 2)}.branches.$1.`],
      [new RegExp(`^rfb${String(stage)}_1\\.conv_cat\\.`), `fields.${String(stage - 2)}.joined.`],
      [new RegExp(`^rfb${String(stage)}_1\\.conv_res\\.`), `fields.${String(stage - 2)}.shortcut.`],
    ]),
    ...[1, 2, 3, 4, 5].map((index): NameRule => [
      new RegExp(`^ParDec\\.conv_upsample${String(index)}\\.`),
      `decoder.ups.${String(index - 1)}.`,
    ]),
    [/^ParDec\.conv_concat2\./, "decoder.joins.0."],
    [/^ParDec\.conv_concat3\./, "decoder.joins.1."],
    [/^ParDec\.conv4\./, "decoder.last."],
    [/^ParDec\.conv5\./, "decoder.head."],
    // The head is the fifth unit at the deepest stage, the fourth at the others.
    [/^ra4_conv5\./, "attention.0.head."],
    [/^ra3_conv4\./, "attention.1.head."],
    [/^ra2_conv4\./, "attention.2.head."],
    ...[4, 3, 2].flatMap((stage): NameRule[] => [
      [new RegExp(`^ra${String(stage)}_conv1\\.`), `attention.${String(4 - stage)}.reduce.`],
      ...[2, 3, 4].map((index): NameRule => [
        new RegExp(`^ra${String(stage)}_conv${String(index)}\\.`),
        `attention.${String(4 - stage)}.units.${String(index - 2)}.`,
      ]),
    ]),
    ...[1, 2, 3, 4].map((index): NameRule => [
      new RegExp(`^edge_conv${String(index)}\\.`),
      `edge.${String(index - 1)}.`,
    ]),
    ...UNIT,
    ...TORCH_NORM,
  ],
  ignored: [TORCH_COUNTER, /^resnet\.fc\./],
};
