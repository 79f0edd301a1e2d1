import type { RandomSource } from "@multirnet/base";
import { asLogits, cat, scope, type Tensor } from "@multirnet/engine";
import { z } from "zod";

import { iterate } from "../blocks/iterative-learning.js";
import { requireRegion, requireStatistics } from "../input.js";
import { dropout } from "../layers/dropout.js";
import { Linear } from "../layers/linear.js";
import { globalAverage } from "../layers/pooling.js";
import { Network, type Pass, type Prediction } from "../network.js";
import { CLASSES } from "../options.js";
import { part } from "../part.js";
import { VNET_MULTIPLE, VnetBody, vnetOptions, vnetPresets } from "./vnet.js";

/** As far as MultiR-Net's iterative learning, which follows it. */
export const ZHOU_PASSES = 2;

export const zhouOptions = vnetOptions.extend({
  classes: CLASSES,
  classifierDropout: z.number().min(0).lt(1).default(0.5).describe("before the classifier's linear layer"),
  passes: z.int().min(0).max(ZHOU_PASSES).default(1).describe("extra passes that refine the features"),
  detachPasses: z.boolean().default(true).describe("no gradient from a pass to the one before"),
});
export type ZhouOptions = z.infer<typeof zhouOptions>;

export const zhouPresets = vnetPresets;

/**
 * Zhou's joint network: a V-Net whose encoder levels, each averaged over space, together give the diagnosis, refined by seeing its own map again. Zhou
 * et al., Medical Image Analysis 70:101918, 2021. No public implementation: written after the paper, on V-Net as its public implementations have it.
 *
 * Differs: V-Net's details are those of `vnet`, its background channel included; the map of the first pass is zeros, and dropout stands before the linear layer, where the paper is silent.
 */
export class ZhouNet extends Network {
  readonly task = "joint";
  readonly body: VnetBody;
  readonly classifier: Linear;
  readonly #options: ZhouOptions;

  constructor(options: ZhouOptions, init: RandomSource) {
    super();
    const { classes, widths } = options;
    this.#options = options;
    this.body = new VnetBody({ ...options, channels: 2 }, init.derive("body"));
    const pooled = widths.reduce((sum, width) => sum + width, 0);
    this.classifier = new Linear({ from: pooled, to: classes.length }, init.derive("classifier"));
  }

  /** @param input N×1×D×H×W in [0, 1], each side a multiple of 16 */
  forward(input: Tensor, pass: Pass): Prediction {
    requireRegion("zhou", input, { channels: 1, multipleOf: VNET_MULTIPLE });
    requireStatistics("zhou", input, { multipleOf: VNET_MULTIPLE }, pass);
    const { passes, detachPasses, classifierDropout } = this.#options;
    const iterations = { network: "zhou", passes: pass.passes ?? passes, most: ZHOU_PASSES, detach: detachPasses };
    return scope(() =>
      iterate(input, iterations, pass, (map, one): Prediction => {
        const { lesion, stages } = this.body.forward(cat([input, map], { dim: 1 }), input, one);
        const disease = part("classifier", () => {
          const pooled = cat(stages.map(globalAverage), { dim: 1 });
          const dropped = dropout(pooled, classifierDropout, one, { purpose: "classifier", over: "elements" });
          return asLogits(this.classifier.forward(dropped));
        });
        return { task: "joint", lesion, disease, auxiliary: [] };
      }),
    );
  }
}
