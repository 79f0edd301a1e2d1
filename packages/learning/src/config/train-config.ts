import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";

import { checkAgainst, faultWords } from "@multirnet/artifacts";
import { messageOf } from "@multirnet/base";
import type { Xyz } from "@multirnet/imaging";
import { NetworkError, networkEntry, resolveNetwork, sideMultiple, type NetworkSpec } from "@multirnet/networks";
import { parse } from "yaml";
import { z } from "zod";

import { LearningError } from "../errors.js";
import { scheduleSchema } from "../optimisers/schedule.js";
import { RECIPES, type Recipe } from "../recipes/index.js";
import { frozenSchema } from "./frozen.js";
import { lossSchema } from "./loss.js";

const spacing = z.union([z.number().positive(), z.literal("fit")]);
const voxels = z.int().positive();
const probability = z.number().min(0).max(1).default(0);

/** A training as a file. Every key has a default but the name, the dataset and the network; the defaults are the paper's protocol. */
export const trainConfigSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[\w.-]+$/, "expected only letters, digits, dots, dashes, underscores")
    .describe("of the run: letters, digits, dots, dashes"),
  dataset: z.string().min(1).describe("dataset folder, relative to this file"),
  seed: z.int().min(0).default(0),
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
      seed: z.int().min(0).default(0),
    })
    .prefault({}),
  sampling: z
    .strictObject({
      aim: z
        .enum(["centre", "voxel"])
        .default("centre")
        .describe("what of a lesion a region is centred on: its middle, or any voxel of it"),
      backgroundShare: probability.describe("share of the regions centred anywhere in lung or body"),
      insideBody: z
        .boolean()
        .default(false)
        .describe("regions are moved into the body's box, as windows lie at inference"),
      regionsPerCase: z.int().min(1).default(1).describe("regions of each case in an epoch"),
    })
    .prefault({}),
  augmentation: z
    .strictObject({
      flipLeftRight: probability,
      flipFrontBack: probability,
      rotation: probability.describe("about the long axis, up to 15° either way"),
      scale: probability.describe("0.85 to 1.15"),
      elastic: probability.describe("smooth over 8 voxels, up to 4 voxels"),
      gamma: probability,
      brightness: probability,
      contrast: probability,
      noise: probability,
    })
    .prefault({})
    .describe("probability of each change; the paper names none"),
  loss: lossSchema.prefault({}),
  optimiser: z
    .strictObject({
      learningRate: z.number().positive().default(3e-4),
      betas: z.tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)]).default([0.9, 0.999]),
      epsilon: z.number().positive().default(1e-8),
      weightDecay: z.number().min(0).default(0).describe("decoupled from the gradient, as AdamW"),
      schedule: scheduleSchema,
    })
    .prefault({}),
  batchSize: z.int().min(1).default(4),
  epochs: z.int().min(1).default(1000),
  validation: z
    .strictObject({
      share: z
        .number()
        .min(0)
        .lt(1)
        .default(0)
        .describe("of the training patients, set apart to choose weights by; 0 keeps the last"),
      everyEpochs: z.int().min(1).default(1),
      patience: z.int().min(1).default(100).describe("epochs without a better validation before the run stops"),
    })
    .prefault({}),
  inference: z
    .strictObject({
      overlap: z.number().min(0).lt(1).default(0.5),
      threshold: z.number().gt(0).lt(1).default(0.5),
      minimumLesionMm3: z.number().min(0).default(10),
    })
    .prefault({}),
  checkpointMinutes: z.number().min(0).default(2).describe("a checkpoint at least this often; 0 after every step"),
  licence: z.string().min(1).default("not stated").describe("of the weights that come out"),
  data: z
    .strictObject({
      synthetic: z.boolean().default(false),
      licence: z.string().default("not stated"),
      notes: z.string().default(""),
    })
    .prefault({})
    .describe("what the model card says of the data"),
});

/** A config with every key filled in, and its network's options resolved. */
export type TrainConfig = Omit<z.infer<typeof trainConfigSchema>, "network"> & { readonly network: NetworkSpec };

/**
 * Reads a config file. Paths in it are relative to it.
 *
 * @throws LearningError CONFIG_UNREADABLE, CONFIG_INVALID with the key, what was expected and what came, and the nearest key for a misspelt one
 */
export async function readTrainConfig(path: string): Promise<TrainConfig> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new LearningError({ code: "CONFIG_UNREADABLE", path, because: messageOf(error) }, { cause: error });
  }
  const config = parseTrainConfig(text, path);
  const beside = (file: string): string => resolve(dirname(path), file);
  const { initialWeights } = config;
  return {
    ...config,
    dataset: beside(config.dataset),
    ...(initialWeights === undefined
      ? {}
      : { initialWeights: { ...initialWeights, file: beside(initialWeights.file) } }),
  };
}

/** As `readTrainConfig`, of a text; `path` is only for messages. */
export function parseTrainConfig(text: string, path: string): TrainConfig {
  const refuse = (because: string, cause?: unknown): LearningError =>
    new LearningError({ code: "CONFIG_INVALID", path, because }, { cause });
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    throw refuse(`not YAML: ${messageOf(error).split("\n")[0] ?? ""}`, error);
  }
  const checked = checkAgainst(trainConfigSchema, withRecipe(document ?? {}));
  if (!checked.ok) throw refuse(faultWords(checked.fault));
  try {
    const { network, preprocessing, loss, validation } = checked.value;
    const spec = resolved(network);
    requireMultiple(spec, preprocessing.region);
    requireLevels(spec.name, loss.deepSupervision.length);
    if (checked.value.initialWeights?.from !== undefined && checked.value.initialWeights.part === undefined)
      throw refuse("key initialWeights.from: expected initialWeights.part beside it, which says where the weights go");
    if (loss.alpha + loss.beta === 0)
      throw refuse("keys loss.alpha and loss.beta: at least one above 0, but both are 0");
    const { share, everyEpochs, patience } = validation;
    if (share > 0 && patience < everyEpochs) {
      throw refuse(
        `key validation.patience: expected at least validation.everyEpochs, ${String(everyEpochs)}, but ${String(patience)} came: ` +
          `the run would stop before it was judged again`,
      );
    }
    return { ...checked.value, network: spec };
  } catch (error) {
    if (error instanceof NetworkError) throw refuse(`key network: ${error.message}`, error);
    throw error;
  }

  function requireLevels(name: string, weights: number): void {
    const { levels } = networkEntry(name);
    if (weights <= levels) return;
    const expected =
      levels === 0 ? `no weight, as ${name} has no coarser outlines` : `at most ${String(levels)} weights`;
    throw refuse(`key loss.deepSupervision: expected ${expected}, but ${String(weights)} came`);
  }

  function requireMultiple(spec: NetworkSpec, region: Xyz): void {
    const { name, dims, resizes } = networkEntry(spec.name);
    if (resizes === true) return;
    const multipleOf = sideMultiple(spec);
    for (const axis of dims === 2 ? (["x", "y"] as const) : (["x", "y", "z"] as const)) {
      if (region[axis] % multipleOf === 0) continue;
      const key = `preprocessing.region.${axis}`;
      throw refuse(
        `key ${key}: expected a multiple of ${String(multipleOf)} for ${name}, but ${String(region[axis])} came`,
      );
    }
  }
}

/** A resolved config names its network as `{name, options}`; one written by hand has the options beside the name. */
function resolved({ name, options, ...beside }: z.infer<typeof trainConfigSchema>["network"]): NetworkSpec {
  return resolveNetwork({ name, ...options, ...beside });
}

/** Puts the recipe of the network under what the file says, where it asks for it. */
function withRecipe(document: unknown): unknown {
  if (!isMapping(document) || document["recipe"] !== "published" || !isMapping(document["network"])) return document;
  const settings: Recipe["settings"] = RECIPES[String(document["network"]["name"])]?.settings ?? {};
  const { loss } = document;
  return {
    ...settings,
    ...document,
    ...(settings.loss === undefined || (loss !== undefined && !isMapping(loss))
      ? {}
      : { loss: { ...settings.loss, ...loss } }),
  };
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
