import { Module, type Tensor } from "@multirnet/engine";

import { perAxis, type Dims, type PerAxis } from "./convolution.js";

export interface PoolingOptions {
  readonly dims: Dims;
  readonly kernel: PerAxis;
  readonly stride?: PerAxis; // the kernel unless given
  readonly padding?: PerAxis;
}

/** The largest in each window; what pads is never the largest. */
export class MaxPool extends Module {
  readonly #options: PoolingOptions;

  constructor(options: PoolingOptions) {
    super();
    this.#options = options;
  }

  forward(x: Tensor): Tensor {
    const { dims, kernel, stride = kernel, padding = 0 } = this.#options;
    return dims === 2 ? x.maxPool2d(kernel, { stride, padding }) : x.maxPool3d(kernel, { stride, padding });
  }
}

export interface AveragePoolOptions extends PoolingOptions {
  readonly ceil?: boolean; // a last window that is cut off counts too
  readonly countPadding?: boolean; // whether what pads counts as zeros; true unless given
}

/** The mean of each window. */
export class AveragePool extends Module {
  readonly #options: AveragePoolOptions;

  constructor(options: AveragePoolOptions) {
    super();
    this.#options = options;
  }

  forward(x: Tensor): Tensor {
    const { dims, kernel, stride = kernel, padding = 0, ceil = false, countPadding = true } = this.#options;
    if (dims === 2) return x.avgPool2d(kernel, { stride, padding, ceilMode: ceil, countIncludePad: countPadding });
    // libtorch refuses a kernel larger than an unpadded volume, as the depth of a thin region is after some halvings.
    const sides = perAxis(padding, dims).toReversed();
    const padded = countPadding && sides.some((side) => side > 0);
    const window = { stride, ceilMode: ceil, countIncludePad: countPadding };
    if (!padded) return x.avgPool3d(kernel, { ...window, padding });
    return x.constantPadNd(sides.flatMap((side) => [side, side])).avgPool3d(kernel, window);
  }
}

/** @param x N×C×space @returns N×C, the mean over space */
export function globalAverage(x: Tensor): Tensor {
  return x.mean(x.shape.slice(2).map((_, axis) => axis + 2));
}
