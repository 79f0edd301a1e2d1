/** A wanted operator: its name here, libtorch's schema or schemas, and one sentence for the reference page. */
export interface WantedOp {
  readonly name: string;
  /** Two schemas where `other` may be a tensor or a number: the tensor's first. */
  readonly aten: readonly [string] | readonly [tensor: string, scalar: string];
  readonly says: string;
  /** Arguments that nobody here needs: they keep the schema's default. */
  readonly omit?: readonly string[];
  /** Arguments without a default that have one here. */
  readonly fixed?: Readonly<Record<string, boolean>>;
  /** Between what the numbers of an argument must lie, where libtorch would end the process instead of saying so. */
  readonly limits?: Readonly<Record<string, readonly [least: number, most: number]>>;
  /** Arguments in the options whose absence means this, where libtorch's own default would depend on the values. */
  readonly instead?: Readonly<Record<string, string>>;
  /** Whether gradients flow through it; each such operator has a gradient check. */
  readonly differentiable: boolean;
}

const smooth = (name: string, aten: WantedOp["aten"], says: string, more: Partial<WantedOp> = {}): WantedOp => ({
  name,
  aten,
  says,
  differentiable: true,
  ...more,
});
const plain = (name: string, aten: WantedOp["aten"], says: string, more: Partial<WantedOp> = {}): WantedOp => ({
  name,
  aten,
  says,
  differentiable: false,
  ...more,
});
/** Far above any volume's side, and so far below 2³¹ that sums and products of a few stay below 2⁶³. */
const SIDE = 65_535;
const windowLimits: WantedOp["limits"] = {
  stride: [1, SIDE],
  padding: [0, SIDE],
  output_padding: [0, SIDE],
  dilation: [1, SIDE],
  groups: [1, SIDE],
};
const poolLimits: WantedOp["limits"] = {
  kernel_size: [1, SIDE],
  stride: [1, SIDE],
  padding: [0, SIDE],
  dilation: [1, SIDE],
};
const alpha = { omit: ["alpha"] };

/**
 * Every operator that the project calls. `npm run generate` writes `src/generated/tensor.ts` from this table and libtorch's
 * schemas: an operator whose first argument is `self` becomes a method of Tensor, any other a function; arguments without a
 * default stand in order, the others go into an options object.
 */
export const WANTED: readonly WantedOp[] = [
  // arithmetic
  smooth("add", ["add.Tensor", "add.Scalar"], "Sum, element by element, with broadcasting.", alpha),
  smooth("sub", ["sub.Tensor", "sub.Scalar"], "Difference, element by element, with broadcasting.", alpha),
  smooth("mul", ["mul.Tensor", "mul.Scalar"], "Product, element by element, with broadcasting."),
  smooth("div", ["div.Tensor", "div.Scalar"], "Quotient, element by element, with broadcasting."),
  smooth("neg", ["neg"], "−x."),
  smooth("abs", ["abs"], "|x|."),
  smooth("pow", ["pow.Tensor_Scalar"], "x to the given power."),
  smooth("exp", ["exp"], "eˣ."),
  smooth("log", ["log"], "Natural logarithm."),
  smooth("sqrt", ["sqrt"], "Square root."),
  smooth("maximum", ["maximum"], "The larger of two, element by element, with broadcasting."),
  smooth("clamp", ["clamp"], "x, but no less than `min` and no more than `max`."),
  plain("eq", ["eq.Tensor", "eq.Scalar"], "Whether equal, element by element."),
  plain("gt", ["gt.Tensor", "gt.Scalar"], "Whether greater, element by element."),

  // activations
  smooth("sigmoid", ["sigmoid"], "1 / (1 + e⁻ˣ)."),
  smooth("relu", ["relu"], "max(x, 0)."),
  smooth(
    "reluInPlace",
    ["relu_"],
    "max(x, 0), over a tensor that nothing else reads: what a norm, convolution or sum gave.",
  ),
  smooth("leakyRelu", ["leaky_relu"], "x where positive, else x times `negativeSlope`."),
  smooth("gelu", ["gelu"], "x · Φ(x), Φ the normal distribution's.", { omit: ["approximate"] }),
  smooth("prelu", ["prelu"], "x where positive, else x times the slope `weight` of its channel."),
  smooth("elu", ["elu"], "x where positive, else α(eˣ − 1).", { omit: ["scale", "input_scale"] }),
  smooth("softmax", ["softmax.int"], "eˣ over its sum along `dim`.", { omit: ["dtype"] }),
  smooth("logSoftmax", ["log_softmax.int"], "Logarithm of softmax along `dim`.", { omit: ["dtype"] }),

  // reductions
  smooth("sum", ["sum.dim_IntList"], "Sum along `dim`; over everything where `dim` is undefined.", { omit: ["dtype"] }),
  smooth("mean", ["mean.dim"], "Mean along `dim`; over everything where `dim` is undefined.", { omit: ["dtype"] }),
  smooth("amax", ["amax"], "The largest along `dim`; among equals the gradient is shared."),
  plain("argmax", ["argmax"], "Index of the largest element along `dim`."),

  // shape
  smooth("reshape", ["reshape"], "The same elements in another shape; −1 stands for what is left."),
  smooth("permute", ["permute"], "Axes in another order."),
  smooth("expand", ["expand"], "Axes of length 1 repeated, without a copy.", { omit: ["implicit"] }),
  smooth("repeat", ["repeat"], "Each axis repeated as often as given, as a copy."),
  smooth("narrow", ["narrow"], "A stretch of one axis."),
  smooth("indexSelect", ["index_select"], "The places of one axis that `index` (int64) names, in its order."),
  smooth("flip", ["flip"], "The given axes reversed."),
  smooth("cat", ["cat"], "Tensors joined along `dim`."),
  smooth("stack", ["stack"], "Tensors joined along a new axis `dim`."),
  plain("detach", ["detach"], "The same elements, with no gradient back through here."),
  smooth("clone", ["clone"], "A copy of its own.", { omit: ["memory_format"] }),
  smooth("contiguous", ["contiguous"], "Row-major in memory; itself where it is so.", { omit: ["memory_format"] }),
  smooth("toDtype", ["to.dtype"], "The elements as another type.", { omit: ["non_blocking", "copy", "memory_format"] }),
  smooth("toDevice", ["to.device"], "A copy on another device, as the given type.", {
    omit: ["non_blocking", "copy", "memory_format"],
  }),

  // making
  plain("zeros", ["zeros"], "All zeros.", { omit: ["layout", "pin_memory"] }),
  plain("full", ["full"], "All the same; float32 where no type is given, whatever the number.", {
    omit: ["layout", "pin_memory"],
    instead: { dtype: "float32" },
  }),

  // layers
  smooth("matmul", ["matmul"], "Matrix product of the last two axes, with broadcasting over those before."),
  smooth("conv2d", ["conv2d"], "2-D cross-correlation: N×I×H×W with weight O×(I/groups)×kH×kW gives N×O×H'×W'.", {
    limits: windowLimits,
  }),
  smooth(
    "convTranspose2d",
    ["conv_transpose2d.input"],
    "2-D transposed convolution: N×I×H×W with weight I×(O/groups)×kH×kW.",
    { limits: windowLimits },
  ),
  smooth(
    "conv3d",
    ["conv3d"],
    "3-D cross-correlation: N×I×D×H×W with weight O×(I/groups)×kD×kH×kW gives N×O×D'×H'×W'.",
    { limits: windowLimits },
  ),
  smooth(
    "convTranspose3d",
    ["conv_transpose3d.input"],
    "3-D transposed convolution: N×I×D×H×W with weight I×(O/groups)×kD×kH×kW.",
    { limits: windowLimits },
  ),
  smooth(
    "batchNorm",
    ["batch_norm"],
    "Batch normalisation over N and space; in training it moves the running statistics.",
    {
      fixed: { cudnn_enabled: true },
    },
  ),
  smooth("instanceNorm", ["instance_norm"], "Instance normalisation over space.", { fixed: { cudnn_enabled: true } }),
  smooth("groupNorm", ["group_norm"], "Group normalisation.", {
    omit: ["cudnn_enabled"],
    limits: { num_groups: [1, SIDE] },
  }),
  smooth("layerNorm", ["layer_norm"], "Layer normalisation over the last axes, which have `normalizedShape`.", {
    omit: ["cudnn_enable"],
  }),
  smooth("linear", ["linear"], "x·weightᵀ + bias: N×I with weight O×I gives N×O."),
  smooth("maxPool2d", ["max_pool2d"], "The largest in each window of N×C×H×W.", { limits: poolLimits }),
  smooth("maxPool3d", ["max_pool3d"], "The largest in each window of N×C×D×H×W.", { limits: poolLimits }),
  smooth("avgPool2d", ["avg_pool2d"], "The mean of each window of N×C×H×W.", {
    omit: ["divisor_override"],
    limits: poolLimits,
  }),
  smooth("avgPool3d", ["avg_pool3d"], "The mean of each window of N×C×D×H×W.", {
    omit: ["divisor_override"],
    limits: poolLimits,
  }),
  smooth(
    "constantPadNd",
    ["constant_pad_nd"],
    "`value` around the last axes: `pad` before and after each, the last axis first.",
  ),
  smooth("upsampleBilinear2d", ["upsample_bilinear2d"], "Bilinear resampling of N×C×H×W to `outputSize`.", {
    omit: ["scales_h", "scales_w"],
    limits: { output_size: [1, SIDE] },
  }),
  smooth("upsampleTrilinear3d", ["upsample_trilinear3d"], "Trilinear resampling of N×C×D×H×W to `outputSize`.", {
    omit: ["scales_d", "scales_h", "scales_w"],
    limits: { output_size: [1, SIDE] },
  }),

  // random numbers, always with a generator
  plain("bernoulliInPlace", ["bernoulli_.float"], "Each element 1 with probability `p`, else 0."),

  // in place
  plain("copyInPlace", ["copy_"], "Takes the elements of `src`.", { omit: ["non_blocking"] }),

  // lists of tensors, for optimisers
  plain("foreachAddInPlace", ["_foreach_add_.List"], "self += alpha · other, tensor by tensor."),
  plain("foreachAddScalarInPlace", ["_foreach_add_.Scalar"], "self += scalar, tensor by tensor."),
  plain("foreachMulScalarInPlace", ["_foreach_mul_.Scalar"], "self *= scalar, tensor by tensor."),
  plain("foreachDivScalarInPlace", ["_foreach_div_.Scalar"], "self /= scalar, tensor by tensor."),
  plain("foreachSqrt", ["_foreach_sqrt"], "Square roots, tensor by tensor."),
  plain("foreachAddcmulInPlace", ["_foreach_addcmul_.Scalar"], "self += value · tensor1 · tensor2, tensor by tensor."),
  plain("foreachAddcdivInPlace", ["_foreach_addcdiv_.Scalar"], "self += value · tensor1 / tensor2, tensor by tensor."),
];
