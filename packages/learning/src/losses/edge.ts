import { asMask, type Logits, type Mask, type Tensor } from "@multirnet/engine";

import { voxelCrossEntropy } from "./cross-entropy.js";

/**
 * Cross entropy of an edge head with the edges of the lesions: the voxels of a lesion that touch, in their slice and by a side or a corner, what is none.
 * Differs from Inf-Net (Fan et al., IEEE TMI 39(8), 2020): its data set brings edges as pictures, here they are made from the masks.
 *
 * @param logits N×C×D×H×W @param target the lesions, N×C×D×H×W @returns scalar
 */
export function edgeLoss(logits: Logits, target: Mask): Tensor {
  return voxelCrossEntropy(logits, edgesOf(target));
}

/** What lies beyond the region is taken as what is nearest in it, so that a lesion that is cut off has no edge there. */
function edgesOf(target: Mask): Mask {
  const [samples = 0, channels = 0, depth = 0, height = 0, width = 0] = target.shape;
  const slices = target.reshape([samples * channels * depth, 1, height, width]);
  const inside = slices.neg().maxPool2d(3, { stride: 1, padding: 1 }).neg(); // the least around each voxel
  return asMask(slices.sub(inside).reshape(target.shape));
}
