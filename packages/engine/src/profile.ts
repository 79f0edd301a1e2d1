import type { CallRecord } from "./recorder.js";
import { describeShape } from "./tensor-core.js";

/** One row of a profile: all calls of one operator on one input shape in one part of the network. */
export interface ProfileRow {
  readonly op: string;
  readonly module: string;
  readonly shapes: string;
  readonly calls: number;
  readonly flop: number;
  readonly milliseconds: number;
}

/**
 * Floating-point operations of a call, a multiplication and an addition counting as two. Convolutions and matrix products are
 * counted without their bias; any other operator counts one for each element of its first input or its output, whichever has
 * more; views count nothing.
 */
export function flopOf({ op, inputs, outputs }: CallRecord): number {
  const [input, weight] = inputs;
  const [output] = outputs;
  if (output === undefined) return 0;
  const elements = count(output.shape);
  if (input === undefined || VIEWS.has(op)) return 0;
  if (CONVOLUTIONS.has(op) && weight !== undefined) return 2 * elements * count(weight.shape.slice(1));
  if (TRANSPOSED.has(op) && weight !== undefined) return 2 * count(input.shape) * count(weight.shape.slice(1));
  if (op === "aten::matmul") return 2 * elements * (input.shape.at(-1) ?? 0);
  if (op === "aten::linear" && weight !== undefined) return 2 * elements * (weight.shape[1] ?? 0);
  return Math.max(count(input.shape), elements);
}

const CONVOLUTIONS = new Set(["aten::conv2d", "aten::conv3d"]);
const TRANSPOSED = new Set(["aten::conv_transpose2d.input", "aten::conv_transpose3d.input"]);
const VIEWS = new Set([
  "aten::reshape",
  "aten::permute",
  "aten::expand",
  "aten::narrow",
  "aten::detach",
  "aten::contiguous",
]);

/** The profile of a recording, in order of first appearance. */
export function profile(calls: readonly CallRecord[]): ProfileRow[] {
  const rows = new Map<string, ProfileRow>();
  for (const call of calls) {
    const shapes = call.inputs.map(({ shape }) => describeShape(shape)).join(", ");
    const key = `${call.module} ${call.op} ${shapes}`;
    const row = rows.get(key) ?? { op: call.op, module: call.module, shapes, calls: 0, flop: 0, milliseconds: 0 };
    rows.set(key, {
      ...row,
      calls: row.calls + 1,
      flop: row.flop + flopOf(call),
      milliseconds: row.milliseconds + call.milliseconds,
    });
  }
  return [...rows.values()];
}

function count(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}
