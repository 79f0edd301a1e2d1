import { z } from "zod";

import { SMOOTH } from "../losses/overlap.js";

const share = z.number().min(0).max(1);

/** Losses and their weights; the defaults are the paper's. */
export const lossSchema = z.strictObject({
  segmentation: z
    .enum(["dice", "squaredDice", "noiseRobustDice", "tversky", "focalTversky", "structure", "crossEntropy"])
    .default("focalTversky")
    .describe(
      "squaredDice: V-Net's; noiseRobustDice: Wang et al. 2020; structure: Inf-Net's; crossEntropy: that of the voxels alone",
    ),
  alpha: z.number().min(0).default(0.7).describe("Tversky: weight of false negatives"),
  beta: z.number().min(0).default(0.3).describe("Tversky: weight of false positives"),
  exponent: z.number().positive().default(0.9).describe("focal Tversky: power of 1 − TI"),
  over: z
    .enum(["batch", "sample"])
    .default("batch")
    .describe("sums of the overlap run over the whole batch or each sample"),
  weightedStructure: z
    .boolean()
    .default(true)
    .describe("structure: edges weigh more in the cross entropy too; false: as in the published code"),
  edge: z.number().min(0).default(0).describe("weight of a network's edge head, beside the outline's 1"),
  smooth: z
    .number()
    .positive()
    .default(SMOOTH)
    .describe("added to both sides of an overlap's fraction, so that empty masks have one"),
  voxelCrossEntropy: z
    .number()
    .min(0)
    .default(0)
    .describe("weight of the voxels' cross entropy beside the overlap; the paper has none"),
  deepSupervision: z
    .array(z.number().min(0))
    .default([])
    .describe("weights of the levels beside the fused map's 1, the finest first; the paper has none"),
  lambda: z
    .union([share, z.strictObject({ from: share, to: share, epochs: z.int().min(1) })])
    .default(0.3)
    .describe("joint loss: share of the diagnosis; or going evenly from one share to another over the first epochs"),
  classWeights: z
    .union([z.literal("balanced"), z.record(z.string(), z.number().min(0))])
    .optional()
    .describe(
      "diagnosis: weight of each class, 1 for one left out; balanced: cases of all classes count as much together",
    ),
  labelSmoothing: z.number().min(0).lt(1).default(0).describe("diagnosis: share of the target spread over all classes"),
});
export type LossSettings = z.infer<typeof lossSchema>;
