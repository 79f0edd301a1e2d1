import type { RandomSource } from "@multirnet/base";
import { asLogits, scope, type Tensor } from "@multirnet/engine";
import { z } from "zod";

import { Res2NetFeatures, res2netRules, res2netWidths } from "../blocks/res2net.js";
import { requireRegion, requireStatistics } from "../input.js";
import type { Dims } from "../layers/convolution.js";
import { Linear } from "../layers/linear.js";
import { globalAverage } from "../layers/pooling.js";
import { IMAGENET, Network, type ChannelStatistics, type Pass, type Prediction } from "../network.js";
import { CLASSES } from "../options.js";
import { part } from "../part.js";
import { TORCH_COUNTER, TORCH_NORM, type Reference, type ReferenceHead } from "../reference.js";

/** Each side of the input is a multiple of this: five halvings. */
export const RES2NET_MULTIPLE = 32;

export const res2netOptions = z.strictObject({
  classes: CLASSES,
  variant: z.enum(["plain", "v1b"]).default("v1b").describe("v1b: a stem of three 3×3, shortcuts that average"),
  blocks: z.array(z.int().min(1)).length(4).default([3, 4, 6, 3]).describe("blocks of the four stages"),
  planes: z.int().min(10).multipleOf(2).default(64).describe("planes of the first stage"),
  splits: z.int().min(2).default(4).describe("groups of channels in a block, each seeing the one before"),
  baseWidth: z.int().min(7).default(26).describe("channels of a group at 64 planes"),
});
export type Res2NetOptions = z.infer<typeof res2netOptions>;

export const res2netPresets = {
  full: {},
  small: { blocks: [2, 2, 2, 2], planes: 16 },
  tiny: { blocks: [1, 2, 1, 1], planes: 10 },
} as const satisfies Record<string, z.input<typeof res2netOptions>>;

/**
 * Res2Net-50 (26 channels × 4 splits) with a linear head. Gao et al., TPAMI 2021; v1b as in DengPingFan/Inf-Net `backbone/Res2Net.py`: 25,718,352
 * parameters with 1000 classes in 2-D.
 *
 * Differs: 3-D convolutions where `dims` is 3, with a single channel in.
 */
export class Res2Net extends Network {
  readonly task = "diagnosis";
  override readonly sees: "volume" | "slice";
  override readonly normalised: ChannelStatistics | undefined;
  readonly features: Res2NetFeatures;
  readonly head: Linear;
  readonly #shape: { readonly name: string; readonly dims: Dims; readonly channels: number };

  constructor(
    shape: { readonly name: string; readonly dims: Dims; readonly channels: number },
    { classes, ...options }: Res2NetOptions,
    init: RandomSource,
  ) {
    super();
    this.#shape = shape;
    this.sees = shape.dims === 2 ? "slice" : "volume";
    this.normalised = shape.dims === 2 ? IMAGENET : undefined;
    this.features = new Res2NetFeatures({ ...shape, ...options }, init.derive("features"));
    this.head = new Linear({ from: res2netWidths(options).at(-1) ?? 0, to: classes.length }, init.derive("head"));
  }

  /** @param input N×C×space, each side a multiple of 32; volumes in [0, 1], slices normalised as photographs are */
  forward(input: Tensor, pass: Pass): Prediction {
    const { name, dims, channels } = this.#shape;
    requireRegion(name, input, { dims, channels, multipleOf: RES2NET_MULTIPLE });
    requireStatistics(name, input, { dims, multipleOf: RES2NET_MULTIPLE }, pass);
    return scope(() => {
      const feature = part("features", () => this.features.forward(input, pass).at(-1) as Tensor);
      const disease = part("head", () => asLogits(this.head.forward(globalAverage(feature))));
      return { task: "diagnosis", disease, auxiliary: [] };
    });
  }
}

const CLASSIFIER: ReferenceHead = { tensors: /^head\./, outputs: "classes" };

export const RES2NET_V1B: Reference = {
  name: "v1b",
  source: "DengPingFan/Inf-Net Code/model_lung_infection/backbone/Res2Net.py",
  head: CLASSIFIER,
  rules: [...res2netRules("", "features.", "v1b"), [/^fc\./, "head."], ...TORCH_NORM],
  ignored: [TORCH_COUNTER],
};

export const RES2NET_PLAIN: Reference = {
  name: "plain",
  source: "Res2Net/Res2Net-PretrainedModels res2net.py",
  options: { variant: "plain" },
  head: CLASSIFIER,
  rules: [...res2netRules("", "features.", "plain"), [/^fc\./, "head."], ...TORCH_NORM],
  ignored: [TORCH_COUNTER],
};
