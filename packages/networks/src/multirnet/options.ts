import { z } from "zod";

import { ACTIVATIONS } from "../layers/activation.js";
import { NORMS } from "../layers/norm.js";
import { CLASSES, LESIONS } from "../options.js";

/** The paper goes as far. */
export const MAXIMUM_PASSES = 2;

const width = z.int().min(1);

/** Every switch of MultiR-Net. Defaults are the paper's, or choices of ours where the paper is silent. */
export const multirnetOptions = z.strictObject({
  task: z.enum(["joint", "segmentation", "diagnosis"]).default("joint").describe("which subnets there are"),
  classes: CLASSES,
  lesions: LESIONS,
  widths: z.array(width).length(5).default([16, 32, 64, 128, 256]).describe("channels of the five encoder stages"),
  kernel: z.literal([3, 5]).default(5).describe("side of the backbone's convolutions"),
  norm: z.enum(NORMS).default("batch").describe("norm after each convolution"),
  activation: z.enum(ACTIVATIONS).default("prelu").describe("activation of the backbone"),
  reverseAttention: z
    .boolean()
    .default(true)
    .describe("reverse attention in the four skips; false passes the encoder's features on"),
  fusionWeights: z
    .array(z.number())
    .length(4)
    .default([0.4, 0.3, 0.2, 0.1])
    .describe("weights η of the four levels, the finest first"),
  classifierWidths: z
    .array(width)
    .length(6)
    .default([16, 32, 64, 128, 256, 256])
    .describe("channels of the six residual modules"),
  classifierNorm: z.enum(NORMS).optional().describe("norm of the residual modules, where it is another than norm"),
  dropout: z.number().min(0).lt(1).default(0.5).describe("before the classifier's linear layer"),
  detachMask: z.boolean().default(false).describe("no gradient from the diagnosis through the lesion mask"),
  passes: z.int().min(0).max(MAXIMUM_PASSES).default(0).describe("extra passes of iterative learning"),
  detachPasses: z.boolean().default(true).describe("no gradient from a pass to the one before"),
});
export type MultirNetOptions = z.infer<typeof multirnetOptions>;

/** Presets for laptops and for tests. */
export const multirnetPresets = {
  full: {},
  small: {
    widths: [8, 16, 32, 64, 128],
    kernel: 3,
    activation: "relu",
    classifierWidths: [8, 16, 32, 64, 128, 128],
  },
  tiny: { widths: [2, 3, 4, 5, 6], kernel: 3, activation: "relu", classifierWidths: [2, 3, 4, 5, 6, 6] },
} as const satisfies Record<string, z.input<typeof multirnetOptions>>;
