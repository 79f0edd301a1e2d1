import type { RandomSource } from "@multirnet/base";
import {
  conv2d,
  conv3d,
  convTranspose2d,
  convTranspose3d,
  Module,
  type Parameter,
  type Tensor,
} from "@multirnet/engine";

import { constant, heNormal } from "./initial.js";

/** Axes of space: H×W of a slice, D×H×W of a volume. */
export type Dims = 2 | 3;

/** One number for all axes, or one an axis, D first. */
export type PerAxis = number | readonly number[];

export interface ConvolutionOptions {
  readonly dims?: Dims; // 3 unless given
  readonly from: number; // channels in
  readonly to: number; // channels out
  readonly kernel: PerAxis; // side in voxels
  readonly stride?: PerAxis;
  readonly dilation?: PerAxis;
  readonly padding?: PerAxis; // half of what the kernel spans unless given: the size stays, or is divided by the stride
  readonly groups?: number;
  readonly bias: boolean;
}

/** Convolution over space. */
export class Convolution extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;
  readonly #dims: Dims;
  readonly #window: {
    readonly stride: number[];
    readonly padding: number[];
    readonly dilation: number[];
    readonly groups: number;
  };

  constructor(
    { dims = 3, from, to, kernel, stride = 1, dilation = 1, padding, groups = 1, bias }: ConvolutionOptions,
    init: RandomSource,
  ) {
    super();
    const sides = perAxis(kernel, dims);
    const spread = perAxis(dilation, dims);
    const half = sides.map((side, axis) => Math.floor(((spread[axis] ?? 1) * (side - 1)) / 2));
    const fanIn = (from / groups) * sides.reduce((product, side) => product * side, 1);
    this.weight = heNormal([to, from / groups, ...sides], fanIn, init.derive("weight"));
    this.bias = bias ? constant([to], 0) : undefined;
    this.#dims = dims;
    this.#window = {
      stride: perAxis(stride, dims),
      padding: padding === undefined ? half : perAxis(padding, dims),
      dilation: spread,
      groups,
    };
  }

  forward(x: Tensor): Tensor {
    const convolve = this.#dims === 2 ? conv2d : conv3d;
    return convolve(x, this.weight.tensor, { bias: this.bias?.tensor, ...this.#window });
  }
}

export interface UpConvolutionOptions {
  readonly dims?: Dims; // 3 unless given
  readonly from: number;
  readonly to: number;
  readonly stride: number;
  readonly kernel?: number; // its stride unless given: every output voxel then has one source
  readonly padding?: number;
  readonly outputPadding?: number;
  readonly bias: boolean;
}

/** Transposed convolution over space. */
export class UpConvolution extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;
  readonly #dims: Dims;
  readonly #window: { readonly stride: number; readonly padding: number; readonly outputPadding: number };

  constructor(
    { dims = 3, from, to, stride, kernel = stride, padding = 0, outputPadding = 0, bias }: UpConvolutionOptions,
    init: RandomSource,
  ) {
    super();
    // Where the kernel is its stride, an output voxel sums over the channels alone.
    const fanIn = from * (kernel / stride) ** dims;
    this.weight = heNormal([from, to, ...perAxis(kernel, dims)], fanIn, init.derive("weight"));
    this.bias = bias ? constant([to], 0) : undefined;
    this.#dims = dims;
    this.#window = { stride, padding, outputPadding };
  }

  forward(x: Tensor): Tensor {
    const convolve = this.#dims === 2 ? convTranspose2d : convTranspose3d;
    return convolve(x, this.weight.tensor, { bias: this.bias?.tensor, ...this.#window });
  }
}

/** @returns a number for each axis, D first */
export function perAxis(value: PerAxis, dims: Dims): number[] {
  return typeof value === "number" ? Array.from({ length: dims }, () => value) : [...value];
}
