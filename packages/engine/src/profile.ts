import { native, type NativeEvent } from "./native.js";
import { labelling, record, type CallRecord } from "./recorder.js";
import { describeShape } from "./tensor-core.js";

/** One row of a profile: all calls of one operator on one input shape in one part of the network. */
export interface ProfileRow {
  readonly op: string;
  readonly module: string;
  readonly shapes: string;
  readonly calls: number;
  readonly flop: number; // forward; the way back takes twice as many
  readonly bytes: number; // of the tensors that went in and came out, forward
  readonly milliseconds: number;
  readonly backward: number; // milliseconds of its part of the backward pass
}

/** One operator of libtorch as it ran, at any depth below others. */
export interface ProfileEvent {
  readonly name: string;
  readonly module: string;
  readonly start: number; // milliseconds
  readonly milliseconds: number;
  readonly bytes: number;
  readonly depth: number;
  readonly backward: boolean;
}

export interface Profile {
  readonly rows: readonly ProfileRow[]; // in order of first appearance
  readonly events: readonly ProfileEvent[];
  readonly milliseconds: number; // of all
}

/** Runs `body` and says what it spent its time on. What the backward pass does counts to the calls that it differentiates. */
export function profiled<T>(body: () => T): { readonly result: T; readonly profile: Profile } {
  const addon = native();
  const start = performance.now();
  addon.profileStart();
  let recorded: { readonly result: T; readonly calls: readonly CallRecord[] };
  let events: NativeEvent[] = [];
  try {
    recorded = labelling(
      (place) => {
        addon.profileLabel(place === undefined ? "" : String(place));
      },
      () => record(body),
    );
  } finally {
    events = addon.profileStop();
  }
  const milliseconds = performance.now() - start;
  return { result: recorded.result, profile: profileOf(recorded.calls, events, milliseconds) };
}

function profileOf(calls: readonly CallRecord[], events: readonly NativeEvent[], milliseconds: number): Profile {
  const places = new Map<number, number>(); // of the call that a sequence number belongs to
  const bytes = new Map<number, number>();
  const backward = new Map<number, number>();
  for (const [, label, , , sequence, size, depth, isBackward] of events) {
    const place = Number(label);
    if (isBackward || label === "") continue;
    if (sequence >= 0) places.set(sequence, place); // the last that saw a number is the one that made its node
    if (depth === 0) bytes.set(place, (bytes.get(place) ?? 0) + size);
  }
  const found: ProfileEvent[] = [];
  let within: number | undefined; // the call whose part of the backward pass is running
  for (const [name, label, from, to, sequence, size, depth, isBackward] of events) {
    if (isBackward) {
      within = places.get(sequence);
      if (within !== undefined) backward.set(within, (backward.get(within) ?? 0) + to - from);
    }
    const place = isBackward ? within : label === "" ? undefined : Number(label);
    const module = place === undefined ? "" : (calls[place]?.module ?? "");
    found.push({ name, module, start: from, milliseconds: to - from, bytes: size, depth, backward: isBackward });
  }
  const rows = new Map<string, ProfileRow>();
  for (const [place, call] of calls.entries()) {
    const shapes = call.inputs.map(({ shape }) => describeShape(shape)).join(", ");
    add(rows, {
      op: call.op,
      module: call.module,
      shapes,
      calls: 1,
      flop: flopOf(call),
      bytes: bytes.get(place) ?? 0,
      milliseconds: call.milliseconds,
      backward: backward.get(place) ?? 0,
    });
  }
  return { rows: [...rows.values()], events: found, milliseconds };
}

/** Several profiles as one. */
export function joinedProfiles(profiles: readonly Profile[]): Profile {
  const rows = new Map<string, ProfileRow>();
  for (const row of profiles.flatMap((profile) => profile.rows)) add(rows, row);
  return {
    rows: [...rows.values()],
    events: profiles.flatMap(({ events }) => events),
    milliseconds: profiles.reduce((sum, { milliseconds }) => sum + milliseconds, 0),
  };
}

function add(rows: Map<string, ProfileRow>, row: ProfileRow): void {
  const key = `${row.module} ${row.op} ${row.shapes}`;
  const before = rows.get(key);
  if (before === undefined) rows.set(key, row);
  else {
    rows.set(key, {
      ...row,
      calls: before.calls + row.calls,
      flop: before.flop + row.flop,
      bytes: before.bytes + row.bytes,
      milliseconds: before.milliseconds + row.milliseconds,
      backward: before.backward + row.backward,
    });
  }
}

/** A profile as `chrome://tracing` and Perfetto read it. */
export function chromeTrace({ events }: Profile): string {
  const first = events.reduce((least, { start }) => Math.min(least, start), Infinity);
  const traceEvents = events.map(({ name, module, start, milliseconds, bytes, backward }) => ({
    name,
    cat: backward ? "backward" : "operator",
    ph: "X",
    ts: 1000 * (start - first), // microseconds
    dur: 1000 * milliseconds,
    pid: 1,
    tid: 1,
    args: { module, bytes },
  }));
  return JSON.stringify({ traceEvents, displayTimeUnit: "ms" });
}

/**
 * Floating-point operations of a call, a multiplication and an addition counting as two. Convolutions and matrix products are
 * counted without their bias; any other operator counts one for each element of its first input or its output, whichever has
 * more; views count nothing.
 */
export function flopOf({ op, args, inputs, outputs }: Pick<CallRecord, "op" | "args" | "inputs" | "outputs">): number {
  const [input, weight] = inputs;
  const [output] = outputs;
  if (output === undefined) return 0;
  const elements = count(output.shape);
  if (input === undefined || VIEWS.has(op)) return 0;
  if (CONVOLUTIONS.has(op) && weight !== undefined) return 2 * elements * count(weight.shape.slice(1));
  if (TRANSPOSED.has(op) && weight !== undefined) return 2 * count(input.shape) * count(weight.shape.slice(1));
  if (op === "multirnet::convolution" || op === "multirnet::convolution_packed")
    return flopOfBlocked({ op, args, inputs, outputs });
  if (op === "multirnet::project" && weight !== undefined) return 2 * elements * (weight.shape[1] ?? 0);
  if (op === "aten::matmul") return 2 * elements * (input.shape.at(-1) ?? 0);
  if (op === "aten::linear" && weight !== undefined) return 2 * elements * (weight.shape[1] ?? 0);
  return Math.max(count(input.shape), elements);
}

/** Of a convolution in blocks: channels that fill up a block do not count. */
function flopOfBlocked({ op, args, inputs, outputs }: Pick<CallRecord, "op" | "args" | "inputs" | "outputs">): number {
  const packed = op === "multirnet::convolution_packed";
  const weight = packed ? (args[2] as readonly number[]) : (inputs[1]?.shape ?? []);
  const transposed = args[packed ? 7 : 6] === true;
  const over = (transposed ? inputs[0] : outputs[0])?.shape ?? [];
  const axes = weight.length - 2;
  return 2 * count(weight) * (over[0] ?? 0) * count(over.slice(2, 2 + axes));
}

const CONVOLUTIONS = new Set(["aten::conv2d", "aten::conv3d"]);
const TRANSPOSED = new Set(["aten::conv_transpose2d.input", "aten::conv_transpose3d.input"]);
/** Operators that move no elements, or only where they must. */
export const VIEWS: ReadonlySet<string> = new Set([
  "aten::reshape",
  "aten::permute",
  "aten::expand",
  "aten::narrow",
  "aten::detach",
  "aten::contiguous",
]);

function count(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}
