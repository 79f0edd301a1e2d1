import { FLIPS } from "@multirnet/artifacts";
import { z } from "zod";

import { BALANCES } from "../sampling/balance.js";
import { frozenSchema } from "./frozen.js";
import { lossSchema } from "./loss.js";
import { optimiserSchema } from "./optimiser.js";

const spacing = z.union([z.number().positive(), z.literal("fit")]);
const voxels = z.int().positive();
const probability = z.number().min(0).max(1).default(0);

const PRECISIONS = ["float32", "mixed"] as const;
export type Precision = (typeof PRECISIONS)[number];

/** A training as a file. Every key has a default but the name, the dataset and the network; network, loss, optimiser and regions are the paper's. */
export const trainConfigSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[\w.-]+$/, "expected only letters, digits, dots, dashes, underscores")
    .describe("of the run: letters, digits, dots, dashes"),
  dataset: z.string().min(1).describe("dataset folder, relative to this file"),
  seed: z.int().min(0).default(0).describe("of the weights, the draws and the order of cases"),
  network: z
    .looseObject({ name: z.string(), options: z.record(z.string(), z.unknown()).optional() })
    .describe("registry name, preset, and any of the network's options"),
  initialWeights: z
    .strictObject({
      file: z.string().min(1).describe("safetensors file, relative to this file"),
      part: z
        .string()
        .min(1)
        .optional()
        .describe("take only the weights under this path of the network, such as backbone; the rest is drawn"),
      from: z.string().min(1).optional().describe("path of that part in the file, where it is another"),
    })
    .optional()
    .describe("what the network begins with in place of random weights"),
  recipe: z
    .literal("published")
    .optional()
    .describe("loss and frozen weights as the network was published with; keys given here come first"),
  frozen: frozenSchema.default([]),
  preprocessing: z
    .strictObject({
      spacingMm: z
        .strictObject({ x: spacing, y: spacing, z: spacing })
        .default({ x: 1.5, y: 1.5, z: 2 })
        .describe("of the working grid; fit where one region is to span the whole scan along the axis"),
      region: z
        .strictObject({ x: voxels, y: voxels, z: voxels })
        .default({ x: 96, y: 96, z: 32 })
        .describe("voxels of the network's input"),
    })
    .prefault({}),
  folds: z
    .strictObject({
      count: z.int().min(2).default(4).describe("folds to make where the dataset names none"),
      seed: z.int().min(0).default(0).describe("of the folds that are made"),
      testShare: z
        .number()
        .min(0)
        .lt(1)
        .default(0)
        .describe("of the patients, kept for the end, where the dataset sets none apart; folds are made of the rest"),
    })
    .prefault({}),
  sampling: z
    .strictObject({
      aim: z
        .enum(["centre", "voxel"])
        .default("centre")
        .describe(
          "what of a lesion a region is centred on: its middle, moved by up to a quarter of the region, or any voxel of it",
        ),
      backgroundShare: probability.describe("share of the regions centred anywhere in lung or body"),
      insideBody: z
        .boolean()
        .default(false)
        .describe("regions are moved into the body's box, as windows lie at inference"),
      regionsPerCase: z.int().min(1).default(1).describe("regions of each case in an epoch"),
      balance: z
        .array(z.enum(BALANCES))
        .default([])
        .describe(
          "groups of cases that are seen equally often, the small ones' cases more than once: by diagnosis, source, amount of lesion",
        ),
    })
    .prefault({}),
  augmentation: z
    .strictObject({
      flipLeftRight: probability.describe("mirrored left to right"),
      flipFrontBack: probability.describe("mirrored front to back"),
      rotation: probability.describe("about the long axis, up to 15° either way"),
      scale: probability.describe("0.85 to 1.15"),
      elastic: probability.describe("smooth over 8 voxels, up to 4 voxels"),
      gamma: probability.describe("grey values to the power of 0.7 to 1.5"),
      brightness: probability.describe("grey values times 0.9 to 1.1"),
      contrast: probability.describe("distance from the mean times 0.9 to 1.1"),
      noise: probability.describe("Gaussian, standard deviation up to 0.05 of the window"),
      blur: probability.describe("Gaussian, standard deviation 0.5 to 1 voxel"),
      sliceThickness: probability.describe("1 to 3 times that of the grid, and back"),
    })
    .prefault({})
    .describe("probability of each change; the paper names none"),
  loss: lossSchema.prefault({}),
  optimiser: optimiserSchema.prefault({}),
  batchSize: z.int().min(1).default(4).describe("regions a step"),
  activationStretches: z
    .int()
    .min(1)
    .default(1)
    .describe(
      "stretches of the network whose activations are made anew on the way back: less memory for a third more work; 1 keeps all, as does an engine without the fast kernels (multirnet doctor)",
    ),
  precision: z
    .enum(PRECISIONS)
    .default("float32")
    .describe(
      "of a step; mixed: convolutions and products in bfloat16, for devices with units for it, such as most GPUs; on CPUs float32 is usually faster",
    ),
  epochs: z.int().min(1).default(1000).describe("each looks at every case regionsPerCase times"),
  validation: z
    .strictObject({
      share: z
        .number()
        .min(0)
        .lt(1)
        .default(0)
        .describe("of the training patients, set apart to choose weights by; 0 keeps the last"),
      everyEpochs: z.int().min(1).default(1).describe("epochs from one validation to the next"),
      patience: z.int().min(1).default(100).describe("epochs without a better validation before the run stops"),
    })
    .prefault({}),
  inference: z
    .strictObject({
      overlap: z.number().min(0).lt(1).default(0.5).describe("share of a window that its neighbour repeats"),
      threshold: z.number().gt(0).lt(1).default(0.5).describe("probability from which a voxel is lesion"),
      minimumLesionMm3: z.number().min(0).default(10).describe("connected pieces below it leave the mask"),
      flips: z
        .array(z.enum(FLIPS))
        .default([])
        .describe("each region is looked at mirrored too, in every combination, and the mean counts"),
    })
    .prefault({}),
  checkpointMinutes: z
    .number()
    .min(0)
    .default(2)
    .describe(
      "a checkpoint at least this often, and at ends of epochs unless saving would take more than a twentieth of the time; 0 after every step",
    ),
  licence: z.string().min(1).default("not stated").describe("of the weights that come out"),
  data: z
    .strictObject({
      synthetic: z.boolean().default(false).describe("no patients"),
      licence: z.string().default("not stated").describe("of the data"),
      notes: z.string().default("").describe("anything a reader should know"),
    })
    .prefault({})
    .describe("what the model card says of the data"),
});
