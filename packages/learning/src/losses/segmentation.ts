import type { Logits, Mask, Tensor } from "@multirnet/engine";

import type { LossSettings } from "../config/loss.js";
import { voxelCrossEntropy } from "./cross-entropy.js";
import { softDice } from "./soft-dice.js";
import { structureLoss } from "./structure.js";
import { focalTversky, tversky } from "./tversky.js";

/** The segmentation loss that the settings name, plus `voxelCrossEntropy` times its weight. */
export function segmentationLoss(logits: Logits, target: Mask, settings: LossSettings): Tensor {
  const weight = settings.voxelCrossEntropy;
  if (settings.segmentation === "crossEntropy") return voxelCrossEntropy(logits, target).mul(1 + weight);
  const overlap = overlapLoss(logits, target, settings.segmentation, settings);
  return weight === 0 ? overlap : overlap.add(voxelCrossEntropy(logits, target).mul(weight));
}

function overlapLoss(
  logits: Logits,
  target: Mask,
  loss: Exclude<LossSettings["segmentation"], "crossEntropy">,
  settings: LossSettings,
): Tensor {
  switch (loss) {
    case "dice":
      return softDice(logits, target, settings);
    case "squaredDice":
      return softDice(logits, target, { ...settings, squared: true });
    case "structure":
      return structureLoss(logits, target, { weighted: settings.weightedStructure });
    case "tversky":
      return tversky(logits, target, settings);
    case "focalTversky":
      return focalTversky(logits, target, settings);
  }
}
