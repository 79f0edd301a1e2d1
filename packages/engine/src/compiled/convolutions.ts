import { call } from "../call.js";
import { tensor } from "../create.js";
import { Tensor } from "../generated/tensor.js";
import type { CallRecord, TensorFacts } from "../recorder.js";
import { scope } from "../scope.js";
import { CONVOLUTIONS, isFixed, TRANSPOSED, type Group } from "./fusion.js";
import { isFacts, perAxis } from "./graph.js";
import type { Layouts } from "./layouts.js";
import type { Slot } from "./program.js";

const FEW = 3; // channels that a convolution reads from a plain tensor
const LOGITS = 8; // channels that a convolution of side 1 may give and still be a projection

/** A convolution as its call has it. */
interface Convolution {
  readonly input: TensorFacts;
  readonly weight: TensorFacts;
  readonly bias: TensorFacts | undefined;
  readonly from: number;
  readonly to: number;
  readonly window: readonly [
    stride: readonly number[],
    padding: readonly number[],
    dilation: readonly number[],
    transposed: boolean,
    outputPadding: readonly number[],
  ];
  readonly projects: boolean; // what lies in blocks onto few channels, voxel by voxel
}

function convolutionOf({ op, args, inputs }: CallRecord, layouts: Layouts): Convolution | undefined {
  const transposed = TRANSPOSED.has(op);
  if (!transposed && !CONVOLUTIONS.has(op)) return undefined;
  const [input, weight] = inputs as readonly [TensorFacts, TensorFacts];
  const bias = isFacts(args[2]) ? args[2] : undefined;
  const dims = input.shape.length - 2;
  const axes = (value: unknown, otherwise: number): readonly number[] => perAxis(value, dims, otherwise);
  const [outputPadding, groups, dilation] = transposed ? [args[5], args[6], args[7]] : [0, args[6], args[5]];
  if (groups !== undefined && groups !== 1) return undefined;
  if (input.dtype !== "float32" || (dims !== 2 && dims !== 3)) return undefined;
  const [first = 0, second = 0, ...kernel] = weight.shape;
  const [to, from] = transposed ? [second, first] : [first, second];
  const stride = axes(args[3], 1);
  const padding = axes(args[4], 0);
  const simple = [...kernel, ...stride].every((side) => side === 1) && padding.every((side) => side === 0);
  return {
    input,
    weight,
    bias,
    from,
    to,
    window: [stride, padding, axes(dilation, 1), transposed, axes(outputPadding, 0)],
    projects: !transposed && simple && to <= LOGITS && layouts.hasBlocked(input),
  };
}

/** A convolution, norm, sum and activation, or what of them there is, as one step or two. */
export function lowerGroup(group: Group, layouts: Layouts): boolean {
  const { convolution, norm } = group;
  if (convolution !== undefined) return lowerFolded(group, layouts);
  if (norm === undefined || !layouts.hasBlocked(group.input)) return false;
  const slope = slopeOf(group.activation, layouts);
  const residual = group.residual === undefined ? undefined : residualSlot(group.residual, group.output, layouts);
  const x = layouts.blocked(group.input);
  const channels = group.input.shape[1] ?? 0;
  if (layouts.fold && isFixed(norm)) {
    const folded = scaleAndShift(norm, channels, layouts);
    if (folded === undefined) return false;
    const [out] = layouts.emit("multirnet::affine", [
      x,
      layouts.constant(folded.scale),
      layouts.constant(folded.shift),
      residual,
      slope,
    ]) as [Slot];
    layouts.setBlocked(group.output, out);
    return true;
  }
  const shared = sharingOf(norm, channels);
  if (shared === undefined) return false;
  const { weight, bias, mean, variance, batch, groups, momentum, epsilon } = shared;
  const [out] = layouts.emit("multirnet::norm", [
    x,
    layouts.plain(weight),
    layouts.plain(bias),
    residual,
    slope,
    mean && layouts.plain(mean),
    variance && layouts.plain(variance),
    batch,
    groups,
    momentum,
    epsilon,
  ]) as [Slot];
  layouts.setBlocked(group.output, out);
  return true;
}

interface Shared {
  readonly weight: TensorFacts;
  readonly bias: TensorFacts;
  readonly mean: TensorFacts | undefined;
  readonly variance: TensorFacts | undefined;
  readonly batch: boolean;
  readonly groups: number;
  readonly momentum: number;
  readonly epsilon: number;
}

/** A norm whose statistics are those of what it sees. */
function sharingOf({ op, args }: CallRecord, channels: number): Shared | undefined {
  const facts = (value: unknown): TensorFacts | undefined => (isFacts(value) ? value : undefined);
  if (op === "aten::group_norm") {
    const [weight, bias] = [facts(args[2]), facts(args[3])];
    if (weight === undefined || bias === undefined) return undefined;
    const epsilon = typeof args[4] === "number" ? args[4] : 1e-5;
    return {
      weight,
      bias,
      mean: undefined,
      variance: undefined,
      batch: false,
      groups: args[1] as number,
      momentum: 0,
      epsilon,
    };
  }
  const [weight, bias] = [facts(args[1]), facts(args[2])];
  if (weight === undefined || bias === undefined || args[5] !== true) return undefined;
  const batch = op === "aten::batch_norm";
  const [mean, variance] = [facts(args[3]), facts(args[4])];
  if (!batch && mean !== undefined) return undefined;
  return {
    weight,
    bias,
    mean,
    variance,
    batch,
    groups: channels,
    momentum: args[6] as number,
    epsilon: args[7] as number,
  };
}

/** What a norm of fixed statistics multiplies by and adds, a number each channel. */
function scaleAndShift(
  norm: CallRecord,
  channels: number,
  layouts: Layouts,
): { readonly scale: Tensor; readonly shift: Tensor } | undefined {
  const [weight, bias, mean, variance] = [1, 2, 3, 4].map((at) => {
    const facts = norm.args[at];
    return isFacts(facts) ? layouts.fixed(facts) : undefined;
  });
  if (mean === undefined || variance === undefined || mean.elements !== channels) return undefined;
  return scope(() => {
    const inverse = variance.add(norm.args[7] as number).pow(-0.5);
    const scale = weight === undefined ? inverse : inverse.mul(weight);
    const moved = mean.mul(scale).neg();
    return { scale, shift: bias === undefined ? moved : moved.add(bias) };
  });
}

/** In evaluation: a convolution with the norm folded into its weights, and what follows in the same step. */
function lowerFolded({ convolution, norm, residual, activation, output }: Group, layouts: Layouts): boolean {
  const found = convolutionOf(convolution as CallRecord, layouts);
  if (found === undefined || !pays(found, layouts)) return false;
  const [weight, bias] = [layouts.fixed(found.weight), found.bias && layouts.fixed(found.bias)];
  if (weight === undefined || (found.bias !== undefined && bias === undefined)) return false;
  const folded = norm === undefined ? undefined : scaleAndShift(norm, found.to, layouts);
  if (norm !== undefined && folded === undefined) return false;
  const one = scope(() => {
    const toAxis = found.window[3] ? 1 : 0; // where the weight has its output channels
    const wide = found.weight.shape.map((_, axis) => (axis === toAxis ? found.to : 1));
    return {
      weight: folded === undefined ? weight : weight.mul(folded.scale.reshape(wide)),
      bias:
        folded === undefined
          ? (bias ??
            tensor(
              Array.from({ length: found.to }, () => 0),
              [found.to],
            ))
          : bias === undefined
            ? folded.shift
            : bias.mul(folded.scale).add(folded.shift),
    };
  });
  if (found.projects && residual === undefined && activation === undefined) {
    const matrix = one.weight.reshape([found.to, found.from]);
    const args = [layouts.blocked(found.input), layouts.constant(matrix), layouts.constant(one.bias)];
    const [out] = layouts.emit("multirnet::project", args) as [Slot];
    layouts.setPlain(output, out);
    return true;
  }
  const plain = readsPlain(found, layouts);
  const [packed] = call(Tensor, "multirnet::pack", [one.weight, found.input.shape, plain, ...found.window]);
  // Winograd's kernel, whose weights have two axes, reads what would be joined from where it lies.
  const parts = (packed as Tensor).shape.length === 2 ? layouts.parts(found.input) : undefined;
  const inputs = parts ?? [plain ? layouts.plain(found.input) : layouts.blocked(found.input)];
  const added = residual === undefined ? undefined : residualSlot(residual, output, layouts);
  const maps = residual !== undefined && residual.shape[1] !== output.shape[1];
  const slope = activation === undefined ? undefined : slopeOf(activation, layouts);
  const [out] = layouts.emit("multirnet::convolution_packed", [
    inputs,
    layouts.constant(packed as Tensor),
    found.weight.shape,
    layouts.constant(one.bias),
    ...found.window,
    maps ? undefined : added,
    maps ? undefined : slope,
  ]) as [Slot];
  layouts.setBlocked(output, out);
  if (maps) {
    const [unit, zero] = [layouts.constant(tensor([1], [1])), layouts.constant(tensor([0], [1]))];
    const [summed] = layouts.emit("multirnet::affine", [out, unit, zero, added, slope ?? unit]) as [Slot];
    layouts.setBlocked(output, summed);
  }
  return true;
}

/** Whether a convolution is worth an input in blocks. */
function pays({ from, to, projects }: Convolution, layouts: Layouts): boolean {
  return projects || Math.max(from, to) >= layouts.block / 2;
}

function readsPlain({ from, input }: Convolution, layouts: Layouts): boolean {
  return from <= FEW && !layouts.hasBlocked(input);
}

/** In training, or where a weight is worked out on the way: a convolution alone. @returns false where it does not apply */
export function lowerConvolution(record: CallRecord, layouts: Layouts): boolean {
  const found = convolutionOf(record, layouts);
  const output = record.outputs[0] as TensorFacts;
  if (found === undefined || !pays(found, layouts)) return false;
  const bias = found.bias && layouts.plain(found.bias);
  if (found.projects) {
    const x = layouts.blocked(found.input);
    const [matrix] = layouts.emit("aten::reshape", [layouts.plain(found.weight), [found.to, found.from]]) as [Slot];
    layouts.setPlain(output, layouts.emit("multirnet::project", [x, matrix, bias])[0] as Slot);
    return true;
  }
  const x = readsPlain(found, layouts) ? layouts.plain(found.input) : layouts.blocked(found.input);
  const args = [x, layouts.plain(found.weight), bias, ...found.window];
  layouts.setBlocked(output, layouts.emit("multirnet::convolution", args)[0] as Slot);
  return true;
}

/** A residual of the output's size in blocks, or one channel for all as it is. */
function residualSlot(residual: TensorFacts, output: TensorFacts, layouts: Layouts): Slot {
  return residual.shape[1] === output.shape[1] ? layouts.blocked(residual) : layouts.plain(residual);
}

/** What multiplies where negative: 0 for ReLU, 1 for no activation. */
function slopeOf(activation: CallRecord | undefined, layouts: Layouts): Slot {
  const constant = (slope: number): Slot => layouts.constant(tensor([slope], [1]));
  if (activation === undefined) return constant(1);
  if (activation.op === "aten::relu") return constant(0);
  const [, second] = activation.args;
  if (isFacts(second)) return layouts.plain(second);
  return constant(typeof second === "number" ? second : 0.01);
}
