import type { RandomSource } from "@multirnet/base";
import { asLogits, cat, Module, scope, type Logits, type Tensor } from "@multirnet/engine";
import { z } from "zod";

import { reluChain } from "../blocks/chain.js";
import { ConvolutionNorm } from "../blocks/convolution-norm.js";
import { ConvolutionRelu } from "../blocks/convolution-relu.js";
import { DilationPyramid } from "../blocks/dilation-pyramid.js";
import { RES2NET_V1B_26W_4S, Res2NetFeatures, res2netRules, res2netWidths } from "../blocks/res2net.js";
import { SqueezeExcitation } from "../blocks/squeeze-excitation.js";
import { requireRegion, requireStatistics } from "../input.js";
import { Convolution } from "../layers/convolution.js";
import { FrozenNorm } from "../layers/norm.js";
import { MaxPool } from "../layers/pooling.js";
import { resize } from "../layers/resize.js";
import { IMAGENET, Network, type Auxiliary, type Pass, type Prediction } from "../network.js";
import { LESIONS } from "../options.js";
import { part } from "../part.js";
import { TORCH_COUNTER, TORCH_NORM, type NameRule, type Reference } from "../reference.js";

/** Each side of the input is a multiple of this: five halvings. */
export const JCS_MULTIPLE = 32;

export const jcsOptions = z.strictObject({
  lesions: LESIONS,
  widths: z
    .array(z.int().min(8).multipleOf(8))
    .length(5)
    .default([64, 128, 256, 512, 512])
    .describe("channels of VGG-16's five stages, which fusion and decoder share"),
  blocks: z.array(z.int().min(1)).length(4).default([3, 4, 23, 3]).describe("blocks of the classifier's four stages"),
  planes: z.int().min(10).multipleOf(2).default(64).describe("planes of the classifier's first stage"),
});
export type JcsOptions = z.infer<typeof jcsOptions>;

export const jcsPresets = {
  full: {},
  small: { widths: [16, 32, 64, 64, 64], blocks: [2, 2, 2, 2], planes: 16 },
  tiny: { widths: [8, 8, 16, 16, 16], blocks: [1, 1, 2, 1], planes: 10 },
} as const satisfies Record<string, z.input<typeof jcsOptions>>;

const VGG_CONVOLUTIONS = [2, 2, 3, 3, 3] as const;

/**
 * The segmentation model of JCS: VGG-16 whose features are fused with those of a classifier (Res2Net-101 v1b, trained first), pyramids of dilated
 * convolutions, and a decoder with five outputs. Wu et al., IEEE TIP 30, 2021 (yuhuan-wu/JCS `Models/joint_model.py`): 117,717,811 parameters.
 *
 * As there, the norms of both backbones are frozen and have no epsilon, VGG's fourth pooling is left out, and nothing here gives a diagnosis: that is the
 * classifier's, a network of its own. Differs: logits, where the published one returns probabilities; a channel a lesion type.
 */
export class Jcs extends Network {
  readonly task = "segmentation";
  override readonly sees = "slice";
  override readonly normalised = IMAGENET;
  readonly vgg: readonly (readonly ConvolutionNorm[])[];
  readonly classifier: Res2NetFeatures;
  readonly fusion: readonly (readonly ConvolutionNorm[])[];
  readonly pyramid: DilationPyramid;
  readonly deepPyramid: DilationPyramid;
  readonly decoder: Decoder;
  readonly heads: readonly Convolution[];
  readonly pool = new MaxPool({ dims: 2, kernel: 2 });

  constructor({ lesions, widths, blocks, planes }: JcsOptions, init: RandomSource) {
    super();
    const last = widths.at(-1) ?? 0;
    const frozenNorm = (channels: number): FrozenNorm => new FrozenNorm(channels);
    const backbone = { ...RES2NET_V1B_26W_4S, blocks, planes, norm: frozenNorm };
    const seen = [planes, ...res2netWidths(backbone)];
    const unit = { dims: 2, kernel: 3, bias: true } as const;
    this.vgg = widths.map((to, stage) =>
      Array.from({ length: VGG_CONVOLUTIONS[stage] ?? 0 }, (_, index) => {
        const from = index > 0 ? to : (widths[stage - 1] ?? 3);
        return new ConvolutionNorm({ ...unit, from, to, norm: frozenNorm }, init.derive("vgg", stage, index));
      }),
    );
    this.classifier = new Res2NetFeatures(backbone, init.derive("classifier"));
    this.fusion = widths.map((to, level) =>
      [to + (seen[level] ?? 0), to, to].map(
        (from, index) => new ConvolutionNorm({ ...unit, from, to }, init.derive("fusion", level, index)),
      ),
    );
    this.pyramid = new DilationPyramid({ channels: last, dilations: [1, 3, 6, 9] }, init.derive("pyramid"));
    this.deepPyramid = new DilationPyramid({ channels: last, dilations: [1, 2, 3, 4] }, init.derive("deepPyramid"));
    this.decoder = new Decoder([...widths, last], init.derive("decoder"));
    this.heads = widths.map(
      (from, level) =>
        new Convolution({ dims: 2, from, to: lesions.length, kernel: 1, bias: true }, init.derive("head", level)),
    );
  }

  /** @param input N×3×H×W, normalised as photographs are, each side a multiple of 32 */
  forward(input: Tensor, pass: Pass): Prediction {
    requireRegion("jcs", input, { dims: 2, channels: 3, multipleOf: JCS_MULTIPLE });
    requireStatistics("jcs", input, { dims: 2, multipleOf: JCS_MULTIPLE }, pass);
    const size = input.shape.slice(2);
    return scope(() => {
      const own = part("vgg", () => this.#vggFeatures(input, pass));
      const seen = part("classifier", () => this.classifier.forward(input, pass));
      const fifth = part("pyramid", () => this.pyramid.forward(own.at(-1) as Tensor));
      const sixth = part("deepPyramid", () => this.deepPyramid.forward(this.pool.forward(fifth)));
      const fused = this.fusion.map((units, level) =>
        part(`fusion.${String(level)}`, () => {
          const there = seen[level] as Tensor;
          const here = level === this.fusion.length - 1 ? fifth : (own[level] as Tensor);
          return reluChain(units, cat([resize(here, there.shape.slice(2)), there], { dim: 1 }), pass);
        }),
      );
      const decoded = part("decoder", () => this.decoder.forward([...fused, sixth]));
      const maps = this.heads.map((head, level) =>
        part(`heads.${String(level)}`, () => asLogits(resize(head.forward(decoded[level] as Tensor), size))),
      );
      const auxiliary = maps
        .slice(1)
        .map((logits, level): Auxiliary => ({ name: `side${String(level + 2)}`, of: "lesion", role: "level", logits }));
      return { task: "segmentation", lesion: maps[0] as Logits, auxiliary };
    });
  }

  /** After each stage but the fourth its feature is halved. */
  #vggFeatures(input: Tensor, pass: Pass): Tensor[] {
    const features: Tensor[] = [];
    for (const [stage, units] of this.vgg.entries()) {
      const before = features.at(-1);
      const seen = before === undefined ? input : stage === 4 ? before : this.pool.forward(before);
      features.push(reluChain(units, seen, pass));
    }
    return features;
  }
}

/** From the deepest feature up: what comes down and what stands at the level, each to half the channels, fused by attention. */
class Decoder extends Module {
  readonly lateral: readonly ConvolutionRelu[];
  readonly down: readonly ConvolutionRelu[];
  readonly fuse: readonly AttentiveFusion[];
  readonly deepest: ConvolutionRelu;

  constructor(widths: readonly number[], init: RandomSource) {
    super();
    const deepest = widths.at(-1) ?? 0;
    this.lateral = widths.map((width, level) => {
      const to = level === widths.length - 1 ? deepest : width / 2;
      return new ConvolutionRelu({ dims: 2, from: width, to, kernel: 1 }, init.derive("lateral", level));
    });
    this.down = widths
      .slice(0, -1)
      .map(
        (width, level) =>
          new ConvolutionRelu(
            { dims: 2, from: widths[level + 1] ?? 0, to: width / 2, kernel: 1 },
            init.derive("down", level),
          ),
      );
    this.fuse = widths.slice(0, -1).map((width, level) => new AttentiveFusion(width, init.derive("fuse", level)));
    this.deepest = new ConvolutionRelu({ dims: 2, from: deepest, to: deepest, kernel: 3 }, init.derive("deepest"));
  }

  /** @param features the finest first @returns theirs but the deepest, decoded */
  forward(features: readonly Tensor[]): Tensor[] {
    let feature = this.deepest.forward((this.lateral.at(-1) as ConvolutionRelu).forward(features.at(-1) as Tensor));
    const decoded: Tensor[] = [];
    for (let level = this.fuse.length - 1; level >= 0; level--) {
      const here = features[level] as Tensor;
      const down = resize((this.down[level] as ConvolutionRelu).forward(feature), here.shape.slice(2));
      const lateral = (this.lateral[level] as ConvolutionRelu).forward(here);
      feature = (this.fuse[level] as AttentiveFusion).forward(lateral, down);
      decoded.unshift(feature);
    }
    return decoded;
  }
}

/** Excitation on both, 3×3; joined once more with what came down, excitation, 1×1, 3×3. Both excitations have one hidden unit. */
class AttentiveFusion extends Module {
  readonly first: SqueezeExcitation;
  readonly convolution: ConvolutionRelu;
  readonly second: SqueezeExcitation;
  readonly reduce: ConvolutionRelu;
  readonly last: ConvolutionRelu;

  constructor(channels: number, init: RandomSource) {
    super();
    const more = (3 * channels) / 2;
    this.first = new SqueezeExcitation({ channels, between: 1 }, init.derive("first"));
    this.convolution = new ConvolutionRelu(
      { dims: 2, from: channels, to: channels, kernel: 3 },
      init.derive("convolution"),
    );
    this.second = new SqueezeExcitation({ channels: more, between: 1 }, init.derive("second"));
    this.reduce = new ConvolutionRelu({ dims: 2, from: more, to: channels, kernel: 1 }, init.derive("reduce"));
    this.last = new ConvolutionRelu({ dims: 2, from: channels, to: channels, kernel: 3 }, init.derive("last"));
  }

  forward(lateral: Tensor, down: Tensor): Tensor {
    return scope(() => {
      const both = this.convolution.forward(this.first.forward(cat([lateral, down], { dim: 1 })));
      const again = this.second.forward(cat([both, down], { dim: 1 }));
      return this.last.forward(this.reduce.forward(again));
    });
  }
}

const PYRAMID = (there: string, here: string): NameRule[] => [
  [new RegExp(`^${there}\\.expand_conv\\.`), `${here}.widen.`],
  [new RegExp(`^${there}\\.dilation_convs\\.`), `${here}.groups.`],
  [new RegExp(`^${there}\\.se_block\\.linear1\\.`), `${here}.excitation.squeeze.`],
  [new RegExp(`^${there}\\.se_block\\.linear2\\.`), `${here}.excitation.excite.`],
  [new RegExp(`^${there}\\.reduce_conv\\.`), `${here}.narrow.`],
  [new RegExp(`^${there}\\.end_conv\\.`), `${here}.last.`],
];

export const JCS: Reference = {
  name: "torch",
  source: "yuhuan-wu/JCS Models/joint_model.py",
  head: { tensors: /^heads\./, outputs: "lesions" },
  rules: [
    ...[1, 2, 3, 4, 5].flatMap((stage) =>
      [1, 2, 3].map((index): NameRule => [
        new RegExp(`^vgg16\\.conv${String(stage)}_${String(index)}\\.`),
        `vgg.${String(stage - 1)}.${String(index - 1)}.`,
      ]),
    ),
    ...res2netRules("res2net.", "classifier.", "v1b"),
    [/^fuse\.cat_modules\.(\d)\./, "fusion.$1.0."],
    [/^fuse\.se_modules\.(\d)\./, "fusion.$1.1."],
    [/^fuse\.fuse_modules\.(\d)\./, "fusion.$1.2."],
    ...PYRAMID("gpd", "pyramid"),
    ...PYRAMID("gpd1", "deepPyramid"),
    [/^fpn\.inners_a\./, "decoder.lateral."],
    [/^fpn\.inners_b\./, "decoder.down."],
    [/^fpn\.fuse\.5\./, "decoder.deepest."],
    [/^fpn\.fuse\.(\d)\.se1\.linear1\./, "decoder.fuse.$1.first.squeeze."],
    [/^fpn\.fuse\.(\d)\.se1\.linear2\./, "decoder.fuse.$1.first.excite."],
    [/^fpn\.fuse\.(\d)\.se2\.linear1\./, "decoder.fuse.$1.second.squeeze."],
    [/^fpn\.fuse\.(\d)\.se2\.linear2\./, "decoder.fuse.$1.second.excite."],
    [/^fpn\.fuse\.(\d)\.conv1\./, "decoder.fuse.$1.convolution."],
    [/^fpn\.fuse\.(\d)\.reduce_conv\./, "decoder.fuse.$1.reduce."],
    [/^fpn\.fuse\.(\d)\.conv2\./, "decoder.fuse.$1.last."],
    ...[1, 2, 3, 4, 5].map((index): NameRule => [new RegExp(`^cls${String(index)}\\.`), `heads.${String(index - 1)}.`]),
    [/\.conv\./, ".convolution."],
    [/\.bn\./, ".norm."],
    ...TORCH_NORM,
  ],
  ignored: [TORCH_COUNTER],
};

/** Torchvision counts convolution, norm and ReLU of a unit by three, and each stage's pooling by one. */
const VGG_UNITS = VGG_CONVOLUTIONS.flatMap((units, stage) =>
  Array.from({ length: units }, (_, index) => {
    const before = VGG_CONVOLUTIONS.slice(0, stage).reduce((sum, earlier) => sum + 3 * earlier + 1, 0);
    return { at: before + 3 * index, here: `vgg.${String(stage)}.${String(index)}` };
  }),
);

/** The encoder alone, as it comes from training on photographs. Its norms have the epsilon 1e-5; those here have none, so their variance takes it. */
export const JCS_BACKBONE: Reference = {
  name: "backbone",
  source: "pytorch/vision torchvision/models/vgg.py, vgg16_bn",
  covers: ["vgg"],
  rules: [
    ...VGG_UNITS.flatMap(({ at, here }): NameRule[] => [
      [new RegExp(`^features\\.${String(at)}\\.`), `${here}.convolution.`],
      [new RegExp(`^features\\.${String(at + 1)}\\.`), `${here}.norm.`],
    ]),
    ...TORCH_NORM,
  ],
  ignored: [TORCH_COUNTER, /^classifier\./],
  laidOut: (tensor, _shape, ours) => (ours.endsWith(".runningVar") ? tensor.add(1e-5) : tensor),
};
