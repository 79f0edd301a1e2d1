import type { RandomSource } from "@multirnet/base";
import { asLogits, cat, scope, type Tensor } from "@multirnet/engine";
import { z } from "zod";

import { ResNetFeatures, resnetRules } from "../blocks/resnet.js";
import { NetworkError } from "../errors.js";
import { requireStatistics } from "../input.js";
import { Linear } from "../layers/linear.js";
import { globalAverage } from "../layers/pooling.js";
import { Network, type Pass, type Prediction } from "../network.js";
import { CLASSES } from "../options.js";
import { part } from "../part.js";
import { TORCH_COUNTER, TORCH_NORM, type Reference } from "../reference.js";

/** Each side of a slice is a multiple of this: five halvings. */
export const COVNET_MULTIPLE = 32;

export const covnetOptions = z.strictObject({
  classes: CLASSES,
  blocks: z.array(z.int().min(1)).length(4).default([3, 4, 6, 3]).describe("blocks of the backbone's four stages"),
  planes: z.int().min(2).default(64).describe("planes of the backbone's first stage"),
  statistics: z
    .enum(["running", "batch"])
    .default("running")
    .describe(
      "of the norms in evaluation: running ones, or of the scan's own slices, as the published evaluation has it",
    ),
});
export type CovnetOptions = z.infer<typeof covnetOptions>;

export const covnetPresets = {
  full: {},
  small: { blocks: [2, 2, 2, 2], planes: 16 },
  tiny: { blocks: [1, 1, 2, 1], planes: 2 },
} as const satisfies Record<string, z.input<typeof covnetOptions>>;

/**
 * COVNet: ResNet-50 on each slice, the largest of the slices' pooled features, and one linear layer. Li et al., Radiology 296(2), 2020
 * (bkong999/COVNet): 23,514,179 parameters with three classes.
 */
export class CovNet extends Network {
  readonly task = "diagnosis";
  override readonly sees = "stack";
  readonly features: ResNetFeatures;
  readonly head: Linear;
  readonly #statistics: CovnetOptions["statistics"];

  constructor({ classes, statistics, ...shape }: CovnetOptions, init: RandomSource) {
    super();
    this.features = new ResNetFeatures(shape, init.derive("features"));
    this.head = new Linear({ from: 32 * shape.planes, to: classes.length }, init.derive("head"));
    this.#statistics = statistics;
  }

  /** @param input N×S×3×H×W in [0, 1], S slices of each scan, each side a multiple of 32 */
  forward(input: Tensor, pass: Pass): Prediction {
    const [scans = 0, slices = 0, channels, ...space] = input.shape;
    const fits = space.every((side) => side > 0 && side % COVNET_MULTIPLE === 0);
    if (input.shape.length !== 5 || scans === 0 || slices === 0 || channels !== 3 || !fits) {
      const expected = `N×S×3×H×W with H and W multiples of ${String(COVNET_MULTIPLE)}`;
      throw new NetworkError({ code: "NETWORK_INPUT", network: "covnet", expected, came: input.shape.join("×") });
    }
    requireStatistics("covnet", input, { dims: 2, multipleOf: COVNET_MULTIPLE }, pass);
    return scope(() => {
      const each = part("features", () => this.#pooled(input.reshape([scans * slices, 3, ...space]), slices, pass));
      const largest = each.reshape([scans, slices, each.shape[1] ?? 0]).amax({ dim: [1] });
      const disease = part("head", () => asLogits(this.head.forward(largest)));
      return { task: "diagnosis", disease, auxiliary: [] };
    });
  }

  /** In evaluation with statistics of the slices themselves each scan is seen alone, so that its answer is its own. */
  #pooled(all: Tensor, slices: number, pass: Pass): Tensor {
    const [count = 0] = all.shape;
    if (pass.mode === "train" || this.#statistics === "running") return globalAverage(this.features.forward(all, pass));
    const scans = Array.from({ length: count / slices }, (_, scan) => all.narrow(0, scan * slices, slices));
    return cat(
      scans.map((scan) => globalAverage(this.features.forward(scan, { ...pass, statistics: "batch" }))),
      { dim: 0 },
    );
  }
}

/** It holds torchvision's ResNet as a sequence of children: 0 and 1 are the stem, 4 to 7 the stages. */
const CHILDREN = [0, 1, 4, 5, 6, 7].map((child) => `pretrained_model.${String(child)}`);

export const COVNET: Reference = {
  name: "torch",
  source: "bkong999/COVNet model.py, on torchvision's resnet50",
  head: { tensors: /^head\./, outputs: "classes" },
  rules: [...resnetRules(CHILDREN, "features."), [/^classifer\./, "head."], ...TORCH_NORM],
  ignored: [TORCH_COUNTER],
};

/** The backbone alone, as it comes from training on photographs. */
export const COVNET_BACKBONE: Reference = {
  name: "backbone",
  source: "pytorch/vision torchvision/models/resnet.py, resnet50",
  covers: ["features"],
  rules: [...resnetRules(["conv1", "bn1", "layer1", "layer2", "layer3", "layer4"], "features."), ...TORCH_NORM],
  ignored: [TORCH_COUNTER, /^fc\./],
};
