import { readFile } from "node:fs/promises";

import { z } from "zod";

import { messageOf } from "@multirnet/base";

import { checkAgainst } from "./checked.js";
import { ArtifactError } from "./errors.js";
import { unreadable } from "./file-error.js";
import { writeJson } from "./json-file.js";

const positive = z.number().positive();
const size = z.int().positive();
const spacing = z.union([positive, z.literal("fit")]);

/** What is not measured in the data that a network was trained on; nothing that depends on it is reported in its units. */
export const ESTIMATES = ["spacing", "intensity"] as const;
export type Estimate = (typeof ESTIMATES)[number];

/** Ways in which a network can look at a scan mirrored. */
export const FLIPS = ["leftRight", "frontBack"] as const;
export type Flip = (typeof FLIPS)[number];

/** The content of `model.json`: all that is needed to use a model's weights, and to know what they are worth. */
export const modelCardSchema = z
  .strictObject({
    format: z.literal(1),
    network: z.strictObject({ name: z.string().min(1), options: z.record(z.string(), z.json()) }),
    task: z.enum(["segmentation", "diagnosis", "joint"]),
    classes: z.array(z.string().min(1)).describe("diseases, in the order of the logits; empty for segmentation"),
    labels: z.array(z.string().min(1)).describe("lesion types, in the order of the channels; empty for diagnosis"),
    preprocessing: z.strictObject({
      spacingMm: z
        .strictObject({ x: spacing, y: spacing, z: spacing })
        .describe("of the working grid; fit where one region spans the whole scan along the axis"),
      windowHu: z
        .strictObject({ low: z.number(), high: z.number() })
        .refine(({ low, high }) => low < high, { error: "low below high" }),
      region: z.strictObject({ x: size, y: size, z: size }).describe("voxels of the network's input"),
    }),
    networks: z
      .int()
      .min(2)
      .optional()
      .describe("how many answer together, by their mean; their weights stand under networks.0 and so on"),
    passes: z.int().min(0).describe("times the network sees its own map again"),
    inference: z.strictObject({
      overlap: z.number().min(0).lt(1).describe("share of a window that its neighbour repeats"),
      threshold: z.number().gt(0).lt(1),
      minimumLesionMm3: z.number().min(0),
      flips: z.array(z.enum(FLIPS)).optional().describe("each region is looked at mirrored too, in every combination"),
    }),
    data: z.strictObject({
      name: z.string().min(1),
      cases: z.array(z.string()).describe("all cases that the weights have seen, in training or in choosing them"),
      masks: z.int().min(0).describe("cases with a lesion mask"),
      diagnoses: z.int().min(0).describe("cases with a diagnosis"),
      synthetic: z.boolean(),
      estimated: z.array(z.enum(ESTIMATES)),
      licence: z.string(),
      notes: z.string(),
    }),
    metrics: z.record(z.string(), z.json()),
    licence: z.string().min(1).describe("of the weights"),
    notice: z.string().min(1),
    versions: z.record(z.string(), z.string()),
  })
  .refine(({ task, classes }) => (task === "segmentation") === (classes.length === 0), {
    path: ["classes"],
    error: "names for diagnosis and joint, none for segmentation",
  })
  .refine(({ task, labels }) => (task === "diagnosis") === (labels.length === 0), {
    path: ["labels"],
    error: "names for segmentation and joint, none for diagnosis",
  });

export type ModelCard = z.infer<typeof modelCardSchema>;

/** @throws ArtifactError CARD_NOT_JSON, CARD_INVALID; `path` is only for their words */
export function parseModelCard(text: string, path: string): ModelCard {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new ArtifactError({ code: "CARD_NOT_JSON", path, because: messageOf(error) }, { cause: error });
  }
  return checkedCard(document, path);
}

/** @throws ArtifactError ARTIFACT_UNREADABLE, CARD_NOT_JSON, CARD_INVALID */
export async function readModelCard(path: string): Promise<ModelCard> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw unreadable(path, error);
  }
  return parseModelCard(text, path);
}

/** Writes a card after checking it, so that nothing is stored that could not be read again. */
export async function writeModelCard(path: string, card: ModelCard): Promise<void> {
  await writeJson(path, checkedCard(card, path));
}

/** @throws ArtifactError CARD_INVALID */
export function checkedCard(document: unknown, path: string): ModelCard {
  const checked = checkAgainst(modelCardSchema, document);
  if (!checked.ok) throw new ArtifactError({ code: "CARD_INVALID", path, fault: checked.fault });
  return checked.value;
}
