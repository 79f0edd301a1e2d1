import type { CallRecord, TensorFacts } from "../recorder.js";
import { lowerConvolution } from "./convolutions.js";
import { CONVOLUTIONS, TRANSPOSED } from "./fusion.js";
import { perAxis } from "./graph.js";
import type { Layouts } from "./layouts.js";
import { spreadMap } from "./maps.js";
import type { Slot, StepArgument } from "./program.js";

/** Lowers a call to blocked activations. @returns false where it does not apply: the call is then made as it is */
export type Rule = (record: CallRecord, layouts: Layouts) => boolean;

/** Element by element, and 0 from 0: what fills up the last block stays 0. */
const KEEP_ZERO = ["relu", "leaky_relu", "elu", "neg", "abs", "mul.Scalar", "div.Scalar", "detach", "clone", "gelu"];
/** Element by element, where all blocks must be full. */
const ANY = ["sigmoid", "exp", "add.Scalar", "sub.Scalar", "pow.Tensor_Scalar", "clamp", "log", "sqrt"];
const PAIRS = ["add.Tensor", "sub.Tensor", "mul.Tensor", "maximum"];

function isVolume({ shape, dtype }: TensorFacts): boolean {
  return dtype === "float32" && (shape.length === 4 || shape.length === 5);
}

const unary =
  (keepsZero: boolean): Rule =>
  ({ op, args, inputs, outputs }, layouts) => {
    const [input] = inputs as readonly [TensorFacts];
    const channels = input.shape[1] ?? 0;
    if (!layouts.hasBlocked(input) || (!keepsZero && channels % layouts.width(channels) !== 0)) return false;
    const [out] = layouts.emit(op, [layouts.blocked(input), ...(args.slice(1) as StepArgument[])]) as [Slot];
    layouts.setBlocked(outputs[0] as TensorFacts, out);
    return true;
  };

const pair: Rule = ({ op, inputs, outputs }, layouts) => {
  const [a, b] = inputs;
  const output = outputs[0] as TensorFacts;
  if (a === undefined || b === undefined || !inputs.some((facts) => layouts.hasBlocked(facts)) || !isVolume(output))
    return false;
  const likeOutput = (facts: TensorFacts): boolean => facts.shape.join() === output.shape.join();
  const perChannel = ({ shape }: TensorFacts): boolean =>
    shape.length === output.shape.length &&
    shape[1] === output.shape[1] &&
    shape.slice(2).every((side) => side === 1) &&
    shape[0] === output.shape[0];
  if ([a, b].every((facts) => likeOutput(facts) || perChannel(facts)) && [a, b].some(likeOutput)) {
    layouts.setBlocked(output, layouts.emit(op, [layouts.blocked(a), layouts.blocked(b)])[0] as Slot);
    return true;
  }
  const map = [a, b].find(
    ({ shape }) =>
      shape.length === output.shape.length &&
      shape[1] === 1 &&
      shape[0] === output.shape[0] &&
      shape.slice(2).join() === output.shape.slice(2).join(),
  );
  const wide = [a, b].find((facts) => facts !== map);
  if (op !== "aten::mul.Tensor" || map === undefined || wide === undefined || !likeOutput(wide)) return false;
  layouts.setBlocked(output, layouts.emit("multirnet::scale", [layouts.blocked(wide), layouts.plain(map)])[0] as Slot);
  return true;
};

const join: Rule = ({ args, inputs, outputs }, layouts) => {
  const output = outputs[0] as TensorFacts;
  if (args[1] !== 1 || !isVolume(output) || !inputs.some((facts) => layouts.hasBlocked(facts))) return false;
  const channels = inputs.map(({ shape }) => shape[1] ?? 0);
  const slots = inputs.map((facts) => layouts.blocked(facts));
  layouts.setJoined(output, slots, channels);
  return true;
};

const take: Rule = ({ args, inputs, outputs }, layouts) => {
  const [input] = inputs as readonly [TensorFacts];
  const [, dim, start, length] = args;
  if (dim !== 1 || !layouts.hasBlocked(input)) return false;
  const slot = layouts.emit("multirnet::take", [
    layouts.blocked(input),
    input.shape[1],
    start as number,
    length as number,
  ])[0] as Slot;
  layouts.setBlocked(outputs[0] as TensorFacts, slot);
  return true;
};

const pool =
  (maximum: boolean): Rule =>
  ({ args, inputs, outputs }, layouts) => {
    const [input] = inputs as readonly [TensorFacts];
    if (!layouts.hasBlocked(input)) return false;
    const dims = input.shape.length - 2;
    const axes = (value: unknown): readonly number[] => perAxis(value, dims, 0);
    const kernel = axes(args[1]);
    const given = args[2];
    const stride = given === undefined || (Array.isArray(given) && given.length === 0) ? kernel : axes(given);
    const padding = axes(args[3] ?? 0);
    const [dilation, ceil, counts, divisor] = maximum
      ? [args[4] ?? 1, args[5], true, undefined]
      : [1, args[4], args[5] ?? true, args[6]];
    if (axes(dilation).some((step) => step !== 1) || divisor !== undefined) return false;
    const ragged = kernel.some(
      (side, axis) => ((input.shape[axis + 2] ?? 0) + 2 * (padding[axis] ?? 0) - side) % (stride[axis] ?? 1) !== 0,
    );
    if (ceil === true && ragged) return false;
    const slot = layouts.emit("multirnet::pool", [
      layouts.blocked(input),
      input.shape[1],
      kernel,
      stride,
      padding,
      maximum,
      counts as boolean,
    ])[0] as Slot;
    layouts.setBlocked(outputs[0] as TensorFacts, slot);
    return true;
  };

/** Linear resampling to another size, whichever way a value lies. */
const resize: Rule = ({ args, inputs, outputs }, layouts) => {
  const [input] = inputs as readonly [TensorFacts];
  const [output] = outputs as readonly [TensorFacts];
  const [, space, alignCorners, ...scales] = args;
  if (input.dtype !== "float32" || !Array.isArray(space) || scales.some((scale) => scale !== undefined)) return false;
  const lies = layouts.hasBlocked(input);
  const x = lies ? layouts.blocked(input) : layouts.plain(input);
  const [slot] = layouts.emit("multirnet::resize", [x, space as number[], alignCorners === true]) as [Slot];
  if (lies) layouts.setBlocked(output, slot);
  else layouts.setPlain(output, slot);
  return true;
};

/** The mean over space. */
const mean: Rule = ({ args, inputs, outputs }, layouts) => {
  const [input] = inputs as readonly [TensorFacts];
  const output = outputs[0] as TensorFacts;
  if (!layouts.hasBlocked(input) || !Array.isArray(args[1])) return false;
  const dims = (args[1] as number[]).map((dim) => (dim < 0 ? dim + input.shape.length : dim)).toSorted((a, b) => a - b);
  if (
    dims.join() !==
    input.shape
      .slice(2)
      .map((_, axis) => axis + 2)
      .join()
  )
    return false;
  const [samples = 0, channels = 0] = input.shape;
  const [means] = layouts.emit("aten::mean.dim", [layouts.blocked(input), dims]) as [Slot];
  const width = Math.ceil(channels / layouts.width(channels)) * layouts.width(channels);
  const [flat] = layouts.emit("aten::reshape", [means, [samples, width]]) as [Slot];
  const [some] = width === channels ? [flat] : (layouts.emit("aten::narrow", [flat, 1, 0, channels]) as [Slot]);
  const [shaped] = output.shape.length === 2 ? [some] : (layouts.emit("aten::reshape", [some, output.shape]) as [Slot]);
  layouts.setPlain(output, shaped);
  return true;
};

const transposed: Rule = (record, layouts) => lowerConvolution(record, layouts) || spreadMap(record, layouts);

export const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...[...CONVOLUTIONS].map((op) => [op, lowerConvolution] as const),
  ...[...TRANSPOSED].map((op) => [op, transposed] as const),
  ...KEEP_ZERO.map((op) => [`aten::${op}`, unary(true)] as const),
  ...ANY.map((op) => [`aten::${op}`, unary(false)] as const),
  ...PAIRS.map((op) => [`aten::${op}`, pair] as const),
  ["aten::cat", join],
  ["aten::narrow", take],
  ["aten::max_pool2d", pool(true)],
  ["aten::max_pool3d", pool(true)],
  ["aten::avg_pool2d", pool(false)],
  ["aten::avg_pool3d", pool(false)],
  ["aten::mean.dim", mean],
  ["aten::upsample_bilinear2d", resize],
  ["aten::upsample_trilinear3d", resize],
]);
