import type { RandomSource } from "@multirnet/base";
import { asLogits, Module, scope, type Tensor } from "@multirnet/engine";
import { z } from "zod";

import { chain } from "../blocks/chain.js";
import { DenseBlock } from "../blocks/dense-block.js";
import { requireRegion, requireStatistics } from "../input.js";
import { Convolution, type Dims } from "../layers/convolution.js";
import { Linear } from "../layers/linear.js";
import { BatchNorm } from "../layers/norm.js";
import { AveragePool, globalAverage, MaxPool } from "../layers/pooling.js";
import { Network, type Pass, type Prediction } from "../network.js";
import { CLASSES } from "../options.js";
import { part } from "../part.js";
import { TORCH_COUNTER, TORCH_NORM, type NameRule, type Reference, type ReferenceHead } from "../reference.js";

/** Each side of the input is a multiple of this: five halvings. */
export const DENSENET_MULTIPLE = 32;

/** Layers of the four blocks. */
const DENSENET_BLOCKS = { 121: [6, 12, 24, 16], 201: [6, 12, 48, 32] } as const;
type Depth = keyof typeof DENSENET_BLOCKS;

const shape = {
  classes: CLASSES,
  growth: z.int().min(1).default(32).describe("channels that each layer adds"),
  first: z.int().min(1).default(64).describe("channels of the stem"),
};
const blocks = z.array(z.int().min(1)).length(4).describe("layers of the four blocks");

/** By depth of the published network. */
export const densenetOptions = {
  121: z.strictObject({ ...shape, blocks: blocks.default([...DENSENET_BLOCKS[121]]) }),
  201: z.strictObject({ ...shape, blocks: blocks.default([...DENSENET_BLOCKS[201]]) }),
} as const;
export type DensenetOptions = z.infer<(typeof densenetOptions)[Depth]>;

/** The published depth, a smaller one for laptops, and one for tests. */
export function densenetPresets(depth: Depth): Record<string, Partial<DensenetOptions>> {
  return {
    full: {},
    small: { blocks: DENSENET_BLOCKS[depth].map((layers) => Math.ceil(layers / 4)), growth: 16, first: 16 },
    tiny: { blocks: [1, 2, 1, 2], growth: 3, first: 4 },
  };
}

/**
 * DenseNet: each layer sees all that the layers before it in its block made. Huang et al., CVPR 2017, in the form of MONAI `nets/densenet.py`: with
 * three classes 11,245,699 (121) and 25,336,579 (201) parameters in 3-D with one channel, 6,956,931 and 18,098,691 in 2-D with the slice three times.
 *
 * Differs: 3-D convolutions where `dims` is 3.
 */
export class DenseNet extends Network {
  readonly task = "diagnosis";
  override readonly sees: "volume" | "slice";
  readonly stem: Convolution;
  readonly stemNorm: BatchNorm;
  readonly blocks: readonly DenseBlock[];
  readonly transitions: readonly Transition[];
  readonly norm: BatchNorm;
  readonly head: Linear;
  readonly pool: MaxPool;
  readonly #shape: { readonly name: string; readonly dims: Dims; readonly channels: number };

  constructor(
    shape: { readonly name: string; readonly dims: Dims; readonly channels: number },
    { classes, blocks, growth, first }: DensenetOptions,
    init: RandomSource,
  ) {
    super();
    const { dims, channels } = shape;
    this.#shape = shape;
    this.sees = shape.dims === 2 ? "slice" : "volume";
    this.stem = new Convolution(
      { dims, from: channels, to: first, kernel: 7, stride: 2, bias: false },
      init.derive("stem"),
    );
    this.stemNorm = new BatchNorm(first);
    this.pool = new MaxPool({ dims, kernel: 3, stride: 2, padding: 1 });
    const made: DenseBlock[] = [];
    const transitions: Transition[] = [];
    let width = first;
    for (const [index, layers] of blocks.entries()) {
      made.push(new DenseBlock({ dims, from: width, layers, growth }, init.derive("block", index)));
      width += layers * growth;
      if (index === blocks.length - 1) break;
      const half = Math.floor(width / 2);
      transitions.push(new Transition({ dims, from: width, to: half }, init.derive("transition", index)));
      width = half;
    }
    this.blocks = made;
    this.transitions = transitions;
    this.norm = new BatchNorm(width);
    this.head = new Linear({ from: width, to: classes.length }, init.derive("head"));
  }

  /** @param input N×C×space in [0, 1], each side a multiple of 32 */
  forward(input: Tensor, pass: Pass): Prediction {
    const { name, dims, channels } = this.#shape;
    requireRegion(name, input, { dims, channels, multipleOf: DENSENET_MULTIPLE });
    requireStatistics(name, input, { dims, multipleOf: DENSENET_MULTIPLE }, pass);
    return scope(() => {
      let feature = part("stem", () => this.pool.forward(chain([this.stem, this.stemNorm], input, pass).reluInPlace()));
      for (const [index, block] of this.blocks.entries()) {
        const before = feature;
        feature = part(`blocks.${String(index)}`, () => {
          const dense = block.forward(before, pass);
          return this.transitions[index]?.forward(dense, pass) ?? dense;
        });
        before.release();
      }
      const pooled = part("head", () =>
        this.head.forward(globalAverage(this.norm.forward(feature, pass).reluInPlace())),
      );
      return { task: "diagnosis", disease: asLogits(pooled), auxiliary: [] };
    });
  }
}

/** Norm, ReLU, 1×1 to half the channels, average of blocks of two. */
class Transition extends Module {
  readonly norm: BatchNorm;
  readonly convolution: Convolution;
  readonly pool: AveragePool;

  constructor({ dims, from, to }: { dims: Dims; from: number; to: number }, init: RandomSource) {
    super();
    this.norm = new BatchNorm(from);
    this.convolution = new Convolution({ dims, from, to, kernel: 1, bias: false }, init);
    this.pool = new AveragePool({ dims, kernel: 2 });
  }

  forward(x: Tensor, pass: Pass): Tensor {
    return scope(() => this.pool.forward(this.convolution.forward(this.norm.forward(x, pass).reluInPlace())));
  }
}

const CLASSIFIER: ReferenceHead = { tensors: /^head\./, outputs: "classes" };

const FEATURES: readonly NameRule[] = [
  [/^features\.conv0\./, "stem."],
  [/^features\.norm0\./, "stemNorm."],
  [/^features\.norm5\./, "norm."],
  // Blocks and layers are counted from 1 there.
  ...Array.from(
    { length: 4 },
    (_, index) => [new RegExp(`^features\\.denseblock${String(index + 1)}\\.`), `blocks.${String(index)}.`] as const,
  ),
  ...Array.from(
    { length: 3 },
    (_, index) =>
      [new RegExp(`^features\\.transition${String(index + 1)}\\.`), `transitions.${String(index)}.`] as const,
  ),
  ...Array.from(
    { length: 64 },
    (_, index) => [new RegExp(`\\.denselayer${String(index + 1)}\\.`), `.layers.${String(index)}.`] as const,
  ),
  [/\.conv1\./, ".squeeze."],
  [/\.conv2\./, ".convolution."],
  [/^(transitions\.\d)\.conv\./, "$1.convolution."],
  ...TORCH_NORM,
];

export const MONAI_DENSENET: Reference = {
  name: "monai",
  source: "Project-MONAI/MONAI monai/networks/nets/densenet.py",
  head: CLASSIFIER,
  rules: [[/(\.denselayer\d+)\.layers\./, "$1."], ...FEATURES, [/^class_layers\.out\./, "head."]],
  ignored: [TORCH_COUNTER],
};

/** As it comes from training on photographs, in 2-D alone. The files on pytorch.org still have `norm.1` where the module says `norm1`. */
export const TORCHVISION_DENSENET: Reference = {
  name: "torchvision",
  source: "pytorch/vision torchvision/models/densenet.py",
  head: CLASSIFIER,
  rules: [[/(\.denselayer\d+\.(?:norm|conv))\.([12])\./, "$1$2."], ...FEATURES, [/^classifier\./, "head."]],
  ignored: [TORCH_COUNTER],
};
