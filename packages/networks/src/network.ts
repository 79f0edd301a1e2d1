import type { RandomSource } from "@multirnet/base";
import { Module, type Logits, type Tensor } from "@multirnet/engine";

/** How a pass is run; handed down as an argument, so that no module keeps a hidden train/eval flag. */
export interface Pass {
  readonly mode: "train" | "eval";
  readonly random: RandomSource; // for dropout; each use derives its own
  readonly passes?: number; // extra passes of iterative learning, in place of the network's own number
  readonly statistics?: "batch"; // in evaluation: batch norms take the batch's own, and move none
}

/** Logits that only training looks at. */
export interface Auxiliary {
  readonly name: string; // as in `auxiliary.NAME` of a forward's outputs
  readonly of: "lesion" | "disease" | "edge"; // the truth that it is measured against; the edge is that of the lesions
  readonly role: "level" | "pass"; // deep supervision, or a final head of an earlier pass
  readonly logits: Logits;
}

/** The final heads by task. */
export interface Heads {
  segmentation: { readonly lesion: Logits }; // N×K×D×H×W, K lesion types
  diagnosis: { readonly disease: Logits }; // N×classes
  joint: { readonly lesion: Logits; readonly disease: Logits };
}
export type Task = keyof Heads;

/** What every network returns; `auxiliary` is empty where training has nothing more to look at. */
export type Prediction = {
  [T in Task]: Heads[T] & { readonly task: T; readonly auxiliary: readonly Auxiliary[] };
}[Task];

/** What is taken off each of a slice's three channels, and what they are divided by then. */
export interface ChannelStatistics {
  readonly mean: readonly [number, number, number];
  readonly deviation: readonly [number, number, number];
}

/** Of ImageNet's photographs in [0, 1], red, green, blue: what networks see whose weights begin with those of photographs. */
export const IMAGENET: ChannelStatistics = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };

/** A network of the registry: a module from regions to a prediction. */
export abstract class Network extends Module {
  abstract readonly task: Task;
  /** What it looks at: N×1×D×H×W; single slices, N×3×H×W; or all slices of a region together, N×D×3×H×W. `slicewise.ts` makes the last two the first. */
  readonly sees: "volume" | "slice" | "stack" = "volume";
  /** The one side of a slice that it takes, where positions are learned. */
  readonly side: number | undefined = undefined;

  /** What of a scan's regions makes its diagnosis: their logits by the lesion in each, or their probabilities, each region as much as any other. */
  readonly regionsJoin: "logits" | "probabilities" = "logits";
  /** How the channels of a slice are normalised before it sees them, as its public implementation does; in [0, 1] where not at all. */
  readonly normalised: ChannelStatistics | undefined = undefined;

  /** @param input in [0, 1], as `regionTensor` makes it of regions; of a network of slices, as `slicewise.ts` makes it of those */
  abstract forward(input: Tensor, pass: Pass): Prediction;
}

/** The lesion head, where the network has one. */
export function lesionOf(prediction: Prediction): Logits | undefined {
  return prediction.task === "diagnosis" ? undefined : prediction.lesion;
}

/** The disease head, where the network has one. */
export function diseaseOf(prediction: Prediction): Logits | undefined {
  return prediction.task === "segmentation" ? undefined : prediction.disease;
}

/** All heads by the names that a forward's outputs have. */
export function namedHeads(prediction: Prediction): Map<string, Logits> {
  const heads = new Map<string, Logits>();
  const lesion = lesionOf(prediction);
  const disease = diseaseOf(prediction);
  if (lesion !== undefined) heads.set("lesion", lesion);
  if (disease !== undefined) heads.set("disease", disease);
  for (const { name, logits } of prediction.auxiliary) heads.set(`auxiliary.${name}`, logits);
  return heads;
}
