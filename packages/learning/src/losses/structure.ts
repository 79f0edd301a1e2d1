import { probabilitiesOf, type Logits, type Mask, type Tensor } from "@multirnet/engine";

import { voxelCrossEntropies } from "./cross-entropy.js";

/** Side of the window that tells the surroundings of a voxel, in its slice. */
const WINDOW = 31;

/** How much more a voxel counts whose surroundings are unlike it. */
const EMPHASIS = 5;

/** Added to both sides of the overlap, as in Inf-Net's code. */
const SMOOTH = 1;

/**
 * Inf-Net's structure loss: cross entropy of the voxels plus 1 − IoU, both of each slice, with the weight 1 + 5·|mean of the 31×31 around g − g| of each
 * voxel, which is large near the edges of lesions; mean over slices. Fan et al., IEEE TMI 39(8), 2020 (Inf-Net); Wei et al., AAAI 2020 (F³Net).
 *
 * @param logits N×C×D×H×W @param target N×C×D×H×W
 * @param options `weighted`: whether the cross entropy has the weights too, as the paper says; in the published code they cancel out, and it is the
 * plain mean
 * @returns scalar
 */
export function structureLoss(logits: Logits, target: Mask, { weighted }: { readonly weighted: boolean }): Tensor {
  const [samples = 0, channels = 0, depth = 0, height = 0, width = 0] = target.shape;
  const ofSlices = (x: Tensor): Tensor => x.reshape([samples * channels * depth, 1, height, width]);
  const g = ofSlices(target);
  const around = g.avgPool2d(WINDOW, { stride: 1, padding: (WINDOW - 1) / 2 });
  const weight = around.sub(g).abs().mul(EMPHASIS).add(1);
  const entropies = ofSlices(voxelCrossEntropies(logits, target));
  const entropy = weighted ? over(entropies.mul(weight)).div(over(weight)).mean(undefined) : entropies.mean(undefined);
  const p = ofSlices(probabilitiesOf(logits));
  const hit = over(p.mul(g).mul(weight));
  const both = over(p.add(g).mul(weight));
  const iou = hit.add(SMOOTH).div(both.sub(hit).add(SMOOTH));
  return entropy.add(iou.neg().add(1).mean(undefined));
}

/** The sum over each slice. */
function over(x: Tensor): Tensor {
  return x.sum([1, 2, 3]);
}
