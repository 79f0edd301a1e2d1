import type { Logits, Mask, Tensor } from "@multirnet/engine";

/**
 * Cross entropy of diagnoses, −Σ_c w_c t_c log softmax(logits)_c, mean over samples. Unlike PyTorch's it is not divided by the weights of the batch's own
 * samples, which would leave a batch of one class, or of one sample, as if there were no weights.
 *
 * @param logits N×classes
 * @param target N×classes, a 1 at each sample's class
 * @param options `weights`: of the classes, all 1 where absent; `smoothing`: share of the target spread evenly over all classes
 * @returns scalar
 */
export function crossEntropy(
  logits: Logits,
  target: Tensor,
  { weights, smoothing = 0 }: { readonly weights?: Tensor | undefined; readonly smoothing?: number } = {},
): Tensor {
  const classes = logits.shape[1] ?? 1;
  const smoothed = target.mul(1 - smoothing).add(smoothing / classes);
  const each = smoothed.mul(logits.logSoftmax(1));
  return (weights === undefined ? each : each.mul(weights)).sum([1]).mean(undefined).neg();
}

/**
 * Binary cross entropy of voxels, mean of max(x, 0) − x·g + log(1 + e^−|x|): the form that does not overflow.
 *
 * @param logits N×C×D×H×W @param target N×C×D×H×W @returns scalar
 */
export function voxelCrossEntropy(logits: Logits, target: Mask): Tensor {
  return voxelCrossEntropies(logits, target).mean(undefined);
}

/** As `voxelCrossEntropy`, of each voxel. */
export function voxelCrossEntropies(logits: Logits, target: Mask): Tensor {
  const softplus = logits.abs().neg().exp().add(1).log();
  return logits.clamp({ min: 0 }).sub(logits.mul(target)).add(softplus);
}
