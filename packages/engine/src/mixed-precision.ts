import { native } from "./native.js";

/**
 * Runs `body` with a device's convolutions and products of matrices in bfloat16: 8 bits of mantissa for float32's 24, the same range, so that gradients need
 * no scaling. Weights stay as they are; what needs the digits (losses, exponentials, some norms) stays float32, by libtorch's own list (its autocast). On the
 * CPU so do convolutions but those of one group, stride 1, without dilation, with odd kernels of up to 5 that keep the volume's size, and sides of 2 and more:
 * oneDNN's others are wrong in bfloat16 (docs/decisions/0021).
 *
 * @param device `cpu` or `cuda:N`
 * @returns what `body` returns; its tensors may be bfloat16
 */
export function inMixedPrecision<T>(device: string, body: () => T): T {
  const before = native().autocast(device, true);
  try {
    return body();
  } finally {
    native().autocast(device, before);
  }
}

/** Whether a device's operators run in mixed precision at the moment. */
export function mixesPrecision(device: string): boolean {
  return native().autocast(device);
}
