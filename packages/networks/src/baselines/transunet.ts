import type { RandomSource } from "@multirnet/base";
import { asLogits, cat, conv2d, Module, scope, type Parameter, type Tensor } from "@multirnet/engine";
import { z } from "zod";

import { reluChain } from "../blocks/chain.js";
import { ConvolutionNorm } from "../blocks/convolution-norm.js";
import { TransformerEncoder } from "../blocks/transformer.js";
import { NetworkError } from "../errors.js";
import { requireRegion } from "../input.js";
import { Convolution } from "../layers/convolution.js";
import { dropout } from "../layers/dropout.js";
import { constant, heNormal } from "../layers/initial.js";
import { GroupNorm } from "../layers/norm.js";
import { MaxPool } from "../layers/pooling.js";
import { enlarge } from "../layers/resize.js";
import { Network, type Pass, type Prediction } from "../network.js";
import { LESIONS } from "../options.js";
import { part } from "../part.js";
import { TORCH_COUNTER, TORCH_NORM, type Reference } from "../reference.js";

/** The side of the input is a multiple of this: a token stands for a patch of 16×16. */
export const TRANSUNET_MULTIPLE = 16;

const width = z.int().min(1);

export const transunetOptions = z.strictObject({
  lesions: LESIONS,
  side: z
    .int()
    .multipleOf(TRANSUNET_MULTIPLE)
    .min(2 * TRANSUNET_MULTIPLE)
    .default(224)
    .describe("pixels of the input's side: positions are learned for it"),
  stem: width.default(64).describe("channels of the stem's first convolution"),
  units: z.array(z.int().min(1)).length(3).default([3, 4, 9]).describe("units of the stem's three stages"),
  tokens: width.default(768).describe("channels of a token"),
  layers: z.int().min(1).default(12).describe("of the transformer"),
  heads: z.int().min(1).default(12).describe("of each attention"),
  mlp: width.default(3072).describe("channels between the layers of its perceptrons"),
  decoder: z
    .array(width)
    .length(5)
    .default([512, 256, 128, 64, 16])
    .describe("channels of the up-sampler, the deepest first"),
  dropout: z.number().min(0).lt(1).default(0.1).describe("after the positions and in the perceptrons"),
});
export type TransunetOptions = z.infer<typeof transunetOptions>;

export const transunetPresets = {
  full: {},
  small: { stem: 32, units: [2, 2, 2], tokens: 192, layers: 4, heads: 6, mlp: 384, decoder: [128, 64, 32, 16, 16] },
  tiny: { side: 32, stem: 4, units: [1, 2, 1], tokens: 8, layers: 2, heads: 2, mlp: 12, decoder: [6, 5, 4, 4, 3] },
} as const satisfies Record<string, z.input<typeof transunetOptions>>;

/**
 * TransUNet: a ResNet stem, a transformer over its features, and a decoder with the stem's skips. Chen et al., 2021, configuration R50-ViT-B/16 of
 * Beckschen/TransUNet: 105,276,066 parameters with two outputs.
 *
 * Differs: a sigmoid channel a lesion type in place of a softmax over classes.
 */
export class TransUnet extends Network {
  readonly task = "segmentation";
  override readonly sees = "slice";
  override readonly side: number;
  readonly stem: Stem;
  readonly embedding: Convolution;
  readonly positions: Parameter;
  readonly encoder: TransformerEncoder;
  readonly more: ConvolutionNorm;
  readonly decoder: readonly DecoderBlock[];
  readonly head: Convolution;
  readonly #options: TransunetOptions;

  constructor(options: TransunetOptions, init: RandomSource) {
    super();
    const { lesions, side, stem, units, tokens, layers, heads, mlp, decoder, dropout: rate } = options;
    if (tokens % heads !== 0) {
      const because = `expected a number that divides the ${String(tokens)} channels of a token, but ${String(heads)} came`;
      throw new NetworkError({ code: "NETWORK_OPTION", network: "transunet", key: "heads", because });
    }
    this.#options = options;
    this.side = side;
    this.stem = new Stem({ width: stem, units }, init.derive("stem"));
    this.embedding = new Convolution(
      { dims: 2, from: 16 * stem, to: tokens, kernel: 1, bias: true },
      init.derive("embedding"),
    );
    this.positions = constant([1, (side / TRANSUNET_MULTIPLE) ** 2, tokens], 0);
    this.encoder = new TransformerEncoder({ width: tokens, heads, mlp, layers, dropout: rate }, init.derive("encoder"));
    const [first = 0, ...widths] = decoder;
    this.more = new ConvolutionNorm({ dims: 2, from: tokens, to: first, kernel: 3 }, init.derive("more"));
    const skips = [8 * stem, 4 * stem, stem, 0];
    this.decoder = widths.map(
      (to, index) =>
        new DecoderBlock({ from: (decoder[index] ?? 0) + (skips[index] ?? 0), to }, init.derive("decoder", index)),
    );
    this.head = new Convolution(
      { dims: 2, from: decoder.at(-1) ?? 0, to: lesions.length, kernel: 3, bias: true },
      init.derive("head"),
    );
  }

  /** @param input N×3×side×side in [0, 1] */
  forward(input: Tensor, pass: Pass): Prediction {
    const { side, dropout: rate } = this.#options;
    requireRegion("transunet", input, { dims: 2, channels: 3, multipleOf: side, only: side });
    const grid = side / TRANSUNET_MULTIPLE;
    return scope(() => {
      const { deepest, skips } = part("stem", () => this.stem.forward(input));
      const tokens = part("embedding", () => {
        const embedded = this.embedding.forward(deepest);
        const [samples = 0, channels = 0] = embedded.shape;
        const placed = embedded
          .reshape([samples, channels, grid * grid])
          .permute([0, 2, 1])
          .add(this.positions.tensor);
        return dropout(placed, rate, pass, { purpose: "positions", over: "elements" });
      });
      const seen = part("encoder", () => this.encoder.forward(tokens, pass));
      const [samples = 0, , channels = 0] = seen.shape;
      let feature = part("more", () =>
        this.more.forward(seen.permute([0, 2, 1]).reshape([samples, channels, grid, grid]), pass).reluInPlace(),
      );
      for (const [index, block] of this.decoder.entries()) {
        const deeper = feature;
        feature = part(`decoder.${String(index)}`, () => block.forward(deeper, skips[index], pass));
      }
      const lesion = part("head", () => asLogits(this.head.forward(feature)));
      return { task: "segmentation", lesion, auxiliary: [] };
    });
  }
}

const GROUPS = 32;
const STEM_EPSILON = 1e-6;

/** As many groups as divide the channels, 32 at most. */
function stemNorm(channels: number): GroupNorm {
  let groups = GROUPS;
  while (channels % groups !== 0) groups /= 2;
  return new GroupNorm(channels, { groups, epsilon: STEM_EPSILON });
}

/** A ResNet with group norm and standardised weights, without its last stage. Kolesnikov et al., ECCV 2020. */
class Stem extends Module {
  readonly root: StandardConvolution;
  readonly rootNorm: GroupNorm;
  readonly stages: readonly (readonly Bottleneck[])[];
  readonly pool = new MaxPool({ dims: 2, kernel: 3, stride: 2 });

  constructor({ width: stem, units }: { width: number; units: readonly number[] }, init: RandomSource) {
    super();
    this.root = new StandardConvolution({ from: 3, to: stem, kernel: 7, stride: 2 }, init.derive("root"));
    this.rootNorm = stemNorm(stem);
    this.stages = units.map((count, stage) =>
      Array.from({ length: count }, (_, index) => {
        const between = stem * 2 ** stage;
        const from = index > 0 ? 4 * between : stage === 0 ? stem : 2 * between;
        const stride = index === 0 && stage > 0 ? 2 : 1;
        return new Bottleneck({ from, between, to: 4 * between, stride }, init.derive(stage, index));
      }),
    );
  }

  /** @returns the deepest feature, at stride 16, and the skips at strides 8, 4 and 2 */
  forward(x: Tensor): { readonly deepest: Tensor; readonly skips: readonly Tensor[] } {
    return scope(() => {
      const root = this.rootNorm.forward(this.root.forward(x)).reluInPlace();
      let feature = this.pool.forward(root);
      const skips = [root];
      for (const [index, stage] of this.stages.entries()) {
        feature = stage.reduce((y, unit) => unit.forward(y), feature);
        if (index < this.stages.length - 1) skips.unshift(filled(feature, (x.shape[2] ?? 0) / (4 * (index + 1))));
      }
      return { deepest: feature, skips };
    });
  }
}

/** Unpadded pooling leaves a feature a pixel short: zeros at the bottom and the right make it as large as its skip is to be. */
function filled(feature: Tensor, side: number): Tensor {
  const missing = side - (feature.shape[2] ?? 0);
  return missing === 0 ? feature : feature.constantPadNd([0, missing, 0, missing]);
}

/** 1×1, 3×3 (which carries the stride), 1×1, each with its norm; the sum with the shortcut. */
class Bottleneck extends Module {
  readonly convolutions: readonly StandardConvolution[];
  readonly norms: readonly GroupNorm[];
  readonly shortcut: StandardConvolution | undefined;
  readonly shortcutNorm: GroupNorm | undefined;

  constructor(
    { from, between, to, stride }: { from: number; between: number; to: number; stride: number },
    init: RandomSource,
  ) {
    super();
    this.convolutions = [
      new StandardConvolution({ from, to: between, kernel: 1, stride: 1 }, init.derive(0)),
      new StandardConvolution({ from: between, to: between, kernel: 3, stride }, init.derive(1)),
      new StandardConvolution({ from: between, to, kernel: 1, stride: 1 }, init.derive(2)),
    ];
    this.norms = [between, between, to].map(stemNorm);
    const changes = stride !== 1 || from !== to;
    this.shortcut = changes
      ? new StandardConvolution({ from, to, kernel: 1, stride }, init.derive("shortcut"))
      : undefined;
    this.shortcutNorm = changes ? new GroupNorm(to, { groups: to }) : undefined;
  }

  forward(x: Tensor): Tensor {
    return scope(() => {
      const unit = (index: number, y: Tensor): Tensor =>
        (this.norms[index] as GroupNorm).forward((this.convolutions[index] as StandardConvolution).forward(y));
      const seen = unit(2, unit(1, unit(0, x).reluInPlace()).reluInPlace());
      const beside = this.shortcut === undefined ? x : this.shortcutNorm?.forward(this.shortcut.forward(x));
      return seen.add(beside ?? x).reluInPlace();
    });
  }
}

/** A 2-D convolution whose filters are brought to mean 0 and variance 1 each time. Qiao et al., 2019. */
class StandardConvolution extends Module {
  readonly weight: Parameter;
  readonly #stride: number;
  readonly #padding: number;

  constructor(
    { from, to, kernel, stride }: { from: number; to: number; kernel: number; stride: number },
    init: RandomSource,
  ) {
    super();
    this.weight = heNormal([to, from, kernel, kernel], from * kernel ** 2, init.derive("weight"));
    this.#stride = stride;
    this.#padding = (kernel - 1) / 2;
  }

  forward(x: Tensor): Tensor {
    return scope(() => {
      const weight = this.weight.tensor;
      const centred = weight.sub(weight.mean([1, 2, 3], { keepdim: true }));
      const variance = centred.pow(2).mean([1, 2, 3], { keepdim: true });
      return conv2d(x, centred.div(variance.add(1e-5).sqrt()), { stride: this.#stride, padding: this.#padding });
    });
  }
}

/** Up-sampling, the skip beside it, two 3×3 with norm and ReLU. */
class DecoderBlock extends Module {
  readonly units: readonly [ConvolutionNorm, ConvolutionNorm];

  constructor({ from, to }: { from: number; to: number }, init: RandomSource) {
    super();
    this.units = [
      new ConvolutionNorm({ dims: 2, from, to, kernel: 3 }, init.derive(0)),
      new ConvolutionNorm({ dims: 2, from: to, to, kernel: 3 }, init.derive(1)),
    ];
  }

  forward(deeper: Tensor, skip: Tensor | undefined, pass: Pass): Tensor {
    return scope(() => {
      const up = enlarge(deeper, 2, { alignCorners: true });
      const joined = skip === undefined ? up : cat([up, skip], { dim: 1 });
      return reluChain(this.units, joined, pass);
    });
  }
}

export const TRANSUNET_TORCH: Reference = {
  name: "torch",
  source: "Beckschen/TransUNet networks/vit_seg_modeling.py",
  head: { tensors: /^head\./, outputs: "softmax" },
  rules: [
    [/^transformer\.embeddings\.hybrid_model\.root\.conv\./, "stem.root."],
    [/^transformer\.embeddings\.hybrid_model\.root\.gn\./, "stem.rootNorm."],
    // Blocks and units are counted from 1 there.
    ...[1, 2, 3].map(
      (block) =>
        [
          new RegExp(`^transformer\\.embeddings\\.hybrid_model\\.body\\.block${String(block)}\\.`),
          `stem.stages.${String(block - 1)}.`,
        ] as const,
    ),
    ...Array.from(
      { length: 12 },
      (_, index) => [new RegExp(`\\.unit${String(index + 1)}\\.`), `.${String(index)}.`] as const,
    ),
    ...[1, 2, 3].flatMap((index) => [
      [new RegExp(`^(stem\\.stages\\..*)\\.conv${String(index)}\\.`), `$1.convolutions.${String(index - 1)}.`] as const,
      [new RegExp(`^(stem\\.stages\\..*)\\.gn${String(index)}\\.`), `$1.norms.${String(index - 1)}.`] as const,
    ]),
    [/\.downsample\./, ".shortcut."],
    [/\.gn_proj\./, ".shortcutNorm."],
    [/^transformer\.embeddings\.patch_embeddings\./, "embedding."],
    [/^transformer\.embeddings\.position_embeddings$/, "positions"],
    [/^transformer\.encoder\.layer\.(\d+)\./, "encoder.layers.$1."],
    [/^transformer\.encoder\.encoder_norm\./, "encoder.norm."],
    [/\.attention_norm\./, ".attentionNorm."],
    [/\.ffn_norm\./, ".perceptronNorm."],
    [/\.ffn\.fc1\./, ".first."],
    [/\.ffn\.fc2\./, ".second."],
    [/\.attn\./, ".attention."],
    [/^decoder\.conv_more\.0\./, "more.convolution."],
    [/^decoder\.conv_more\.1\./, "more.norm."],
    [/^decoder\.blocks\.(\d)\.conv1\.0\./, "decoder.$1.units.0.convolution."],
    [/^decoder\.blocks\.(\d)\.conv1\.1\./, "decoder.$1.units.0.norm."],
    [/^decoder\.blocks\.(\d)\.conv2\.0\./, "decoder.$1.units.1.convolution."],
    [/^decoder\.blocks\.(\d)\.conv2\.1\./, "decoder.$1.units.1.norm."],
    [/^segmentation_head\.0\./, "head."],
    ...TORCH_NORM,
  ],
  ignored: [TORCH_COUNTER],
};

/** The checkpoints that TransUNet starts from: Google's R50+ViT-B/16 in NumPy's format, laid out as Flax does. They have no decoder. */
export const TRANSUNET_NPZ: Reference = {
  name: "npz",
  source: "google-research/vision_transformer R50+ViT-B_16.npz",
  covers: ["stem", "embedding", "positions", "encoder"],
  rules: [
    [/^conv_root\//, "stem.root/"],
    [/^gn_root\//, "stem.rootNorm/"],
    // Blocks and units are counted from 1 there.
    ...[1, 2, 3].map((block) => [new RegExp(`^block${String(block)}/`), `stem.stages.${String(block - 1)}/`] as const),
    ...Array.from(
      { length: 12 },
      (_, index) => [new RegExp(`/unit${String(index + 1)}/`), `.${String(index)}/`] as const,
    ),
    ...[1, 2, 3].flatMap((index) => [
      [new RegExp(`/conv${String(index)}/`), `.convolutions.${String(index - 1)}/`] as const,
      [new RegExp(`/gn${String(index)}/`), `.norms.${String(index - 1)}/`] as const,
    ]),
    [/\/conv_proj\//, ".shortcut/"],
    [/\/gn_proj\//, ".shortcutNorm/"],
    [/^embedding\//, "embedding/"],
    [/^Transformer\/posembed_input\/pos_embedding$/, "positions"],
    [/^Transformer\/encoder_norm\//, "encoder.norm/"],
    [/^Transformer\/encoderblock_(\d+)\//, "encoder.layers.$1/"],
    [/\/LayerNorm_0\//, ".attentionNorm/"],
    [/\/LayerNorm_2\//, ".perceptronNorm/"],
    [/\/MultiHeadDotProductAttention_1\//, ".attention."],
    [/\/MlpBlock_3\/Dense_0\//, ".first/"],
    [/\/MlpBlock_3\/Dense_1\//, ".second/"],
    [/\/(?:kernel|scale)$/, ".weight"],
    [/\/bias$/, ".bias"],
  ],
  ignored: [/^cls$/, /^head\//, /^pre_logits\//],
  laidOut: fromFlax,
};

/** Flax has channels last in convolutions, inputs first in linear layers, heads apart, and a token for the class before the positions. */
function fromFlax(tensor: Tensor, shape: readonly number[]): Tensor | undefined {
  const [first = 0, second = 0, third = 0] = shape;
  switch (shape.length) {
    case 4:
      return isShaped(tensor, [shape[2], shape[3], second, first]) ? tensor.permute([3, 2, 0, 1]) : undefined;
    case 3:
      if (isShaped(tensor, [first, second + 1, third])) return tensor.narrow(1, 1, second);
      return isShaped(tensor, shape) ? tensor : undefined;
    case 2:
      return isLinear(tensor, { from: second, to: first })
        ? tensor.reshape([second, first]).permute([1, 0])
        : undefined;
    default:
      return product(tensor.shape) === first ? tensor.reshape([first]) : undefined;
  }
}

/** Inputs×outputs, where either may be heads×channels of a head. */
function isLinear({ shape }: Tensor, { from, to }: { readonly from: number; readonly to: number }): boolean {
  if (shape.length !== 2 && shape.length !== 3) return false;
  return (
    (shape[0] === from && product(shape.slice(1)) === to) ||
    (shape.at(-1) === to && product(shape.slice(0, -1)) === from)
  );
}

function isShaped({ shape }: Tensor, expected: readonly (number | undefined)[]): boolean {
  return shape.join() === expected.join();
}

function product(sides: readonly number[]): number {
  return sides.reduce((sum, side) => sum * side, 1);
}
