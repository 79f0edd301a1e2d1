import type { Logits, Mask, Tensor } from "@multirnet/engine";

import type { LossSettings } from "../config/loss.js";
import { voxelCrossEntropy } from "./cross-entropy.js";
import { softDice } from "./soft-dice.js";
import { focalTversky, tversky } from "./tversky.js";

/** The segmentation loss that the settings name, plus `voxelCrossEntropy` times its weight. */
export function segmentationLoss(logits: Logits, target: Mask, settings: LossSettings): Tensor {
  const overlap = overlapLoss(logits, target, settings);
  const weight = settings.voxelCrossEntropy;
  return weight === 0 ? overlap : overlap.add(voxelCrossEntropy(logits, target).mul(weight));
}

function overlapLoss(logits: Logits, target: Mask, settings: LossSettings): Tensor {
  switch (settings.segmentation) {
    case "dice":
      return softDice(logits, target, settings);
    case "tversky":
      return tversky(logits, target, settings);
    case "focalTversky":
      return focalTversky(logits, target, settings);
  }
}
