import type { Logits, Mask, Tensor } from "@multirnet/engine";

import type { LossSettings } from "../config/loss.js";
import { voxelCrossEntropy } from "./cross-entropy.js";
import { noiseRobustDice } from "./noise-robust-dice.js";
import { softDice } from "./soft-dice.js";
import { structureLoss } from "./structure.js";
import { focalTversky, tversky } from "./tversky.js";

export type SegmentationSettings = Omit<LossSettings, "lambda" | "classWeights">;

/** The segmentation loss that the settings name, plus `voxelCrossEntropy` times its weight. */
export function segmentationLoss(logits: Logits, target: Mask, settings: SegmentationSettings): Tensor {
  const weight = settings.voxelCrossEntropy;
  if (settings.segmentation === "crossEntropy") return voxelCrossEntropy(logits, target).mul(1 + weight);
  const overlap = overlapLoss(logits, target, settings.segmentation, settings);
  return weight === 0 ? overlap : overlap.add(voxelCrossEntropy(logits, target).mul(weight));
}

function overlapLoss(
  logits: Logits,
  target: Mask,
  loss: Exclude<LossSettings["segmentation"], "crossEntropy">,
  settings: SegmentationSettings,
): Tensor {
  switch (loss) {
    case "dice":
      return softDice(logits, target, settings);
    case "squaredDice":
      return softDice(logits, target, { ...settings, squared: true });
    case "noiseRobustDice":
      return noiseRobustDice(logits, target, settings);
    case "structure":
      return structureLoss(logits, target, { weighted: settings.weightedStructure });
    case "tversky":
      return tversky(logits, target, settings);
    case "focalTversky":
      return focalTversky(logits, target, settings);
  }
}
