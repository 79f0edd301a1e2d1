import { asLogits, cat, scope, tensor, type Logits, type Mask, type Tensor } from "@multirnet/engine";
import { diseaseOf, lesionOf, type Prediction } from "@multirnet/networks";

import { crossEntropy } from "./cross-entropy.js";
import { edgeLoss } from "./edge.js";
import { segmentationLoss, type SegmentationSettings } from "./segmentation.js";

/** A loss as it stands in one epoch of one training. */
export interface JointSettings extends SegmentationSettings {
  readonly lambda: number; // share of the diagnosis
  readonly classWeights?: readonly number[] | undefined; // in the order of the classes
}

/** What is known of a batch of N samples. A sample may have a mask, a diagnosis, both, or one of them. */
export interface Truth {
  readonly mask: Mask | undefined; // M×C×D×H×W, of the samples in `masked`
  readonly masked: readonly number[]; // which of the N samples, in order
  readonly disease: Tensor | undefined; // K×classes, one-hot, of the samples in `diagnosed`
  readonly diagnosed: readonly number[];
}

/** The loss of a batch and its parts; a part that nothing in the batch is known of is missing. */
export interface JointLoss {
  readonly total: Tensor;
  readonly segmentation: Tensor | undefined;
  readonly diagnosis: Tensor | undefined;
}

/**
 * The joint loss L = (1 − λ) L_seg + λ L_cls, mean over the passes of iterative learning. A network with one task has its own loss alone. Samples
 * without a mask add only L_cls, without a diagnosis only L_seg; what is missing is left out without raising the weight of the other.
 * MultiR-Net section 3.5.
 *
 * Deep supervision, where it is on, is part of L_seg: the levels' losses at full size, each with its weight, the weights summing to 1. So is the edge
 * head of a network that has one, with its own weight beside them.
 *
 * @returns undefined where the batch has nothing that this network could learn from
 */
export function jointLoss(prediction: Prediction, truth: Truth, settings: JointSettings): JointLoss | undefined {
  return scope(() => {
    const { masked, diagnosed, mask, disease } = truth;
    const { classWeights } = settings;
    const byPass = passesOf(prediction);
    const segmentations =
      mask === undefined ? [] : byPass.flatMap((heads) => headLoss(heads, { masked, mask }, settings));
    const diagnoses =
      disease === undefined
        ? []
        : byPass.flatMap(({ disease: logits }) =>
            logits === undefined
              ? []
              : crossEntropy(rows(logits, diagnosed), disease, {
                  smoothing: settings.labelSmoothing,
                  weights: classWeights === undefined ? undefined : tensor(classWeights, [classWeights.length]),
                }),
          );
    const segmentation = mean(segmentations);
    const diagnosis = mean(diagnoses);
    const { lambda } = settings;
    const parts =
      prediction.task === "joint" ? [segmentation?.mul(1 - lambda), diagnosis?.mul(lambda)] : [segmentation, diagnosis];
    const known = parts.filter((part) => part !== undefined);
    const total = known.length === 0 ? undefined : known.reduce((sum, part) => sum.add(part));
    return total === undefined ? undefined : { total, segmentation, diagnosis };
  });
}

/** The heads of one pass: the final ones and the coarser levels. */
interface PassHeads {
  readonly lesion: Logits | undefined;
  readonly disease: Logits | undefined;
  readonly levels: readonly Logits[];
  readonly edge: Logits | undefined;
}

/** The last pass and those before it; an earlier pass's heads are named `passN.` in the auxiliary list. */
function passesOf(prediction: Prediction): PassHeads[] {
  const earlier = new Map<string, { lesion?: Logits; disease?: Logits; levels: Logits[] }>();
  const levels: Logits[] = [];
  const edge = prediction.auxiliary.find(({ of }) => of === "edge")?.logits;
  for (const { name, of, role, logits } of prediction.auxiliary) {
    const [prefix = ""] = name.includes(".") ? name.split(".") : [""];
    if (prefix === "") {
      if (role === "level" && of === "lesion") levels.push(logits);
      continue;
    }
    const heads = earlier.get(prefix) ?? { levels: [] };
    earlier.set(prefix, heads);
    if (role === "level") heads.levels.push(logits);
    else if (of !== "edge") heads[of] = logits;
  }
  const before = Array.from(earlier.values(), ({ lesion, disease, levels }) => ({
    lesion,
    disease,
    levels,
    edge: undefined,
  }));
  return [...before, { lesion: lesionOf(prediction), disease: diseaseOf(prediction), levels, edge }];
}

/** The loss of the fused map, with that of the levels where deep supervision has weights, and that of the edges where they have one. */
function headLoss(
  { lesion, levels, edge }: PassHeads,
  { masked, mask }: { readonly masked: readonly number[]; readonly mask: Mask },
  settings: JointSettings,
): Tensor[] {
  if (lesion === undefined) return [];
  const weighted = [
    { logits: lesion, weight: 1 },
    ...levels.map((logits, level) => ({ logits, weight: settings.deepSupervision[level] ?? 0 })),
  ].filter(({ weight }) => weight > 0);
  const total = weighted.reduce((sum, { weight }) => sum + weight, 0);
  const fullSize = lesion.shape.slice(2);
  const whole = (logits: Logits): Logits => {
    const sameSize = logits.shape.slice(2).join() === fullSize.join();
    return rows(sameSize ? logits : asLogits(logits.upsampleTrilinear3d(fullSize, false)), masked);
  };
  const terms = weighted.map(({ logits, weight }) =>
    segmentationLoss(whole(logits), mask, settings).mul(weight / total),
  );
  if (edge !== undefined && settings.edge > 0) terms.push(edgeLoss(whole(edge), mask).mul(settings.edge));
  return [terms.reduce((sum, term) => sum.add(term))];
}

/** Some of a batch's samples. */
function rows(logits: Logits, indices: readonly number[]): Logits {
  if (indices.length === logits.shape[0]) return logits;
  return asLogits(cat(indices.map((index) => logits.narrow(0, index, 1))));
}

function mean(terms: readonly Tensor[]): Tensor | undefined {
  return terms.length === 0 ? undefined : terms.reduce((sum, term) => sum.add(term)).div(terms.length);
}
