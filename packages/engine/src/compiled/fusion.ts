import type { CallRecord, TensorFacts } from "../recorder.js";
import { isFacts, type Graph } from "./graph.js";

/** Calls that become one: a convolution, a norm, a sum and an activation, each of the last three where it follows and nothing else reads what lies between. */
export interface Group {
  readonly convolution: CallRecord | undefined;
  readonly norm: CallRecord | undefined;
  readonly residual: TensorFacts | undefined; // what is added
  readonly activation: CallRecord | undefined;
  readonly members: readonly CallRecord[]; // in their order
  readonly input: TensorFacts;
  readonly output: TensorFacts;
}

export const CONVOLUTIONS = new Set(["aten::conv2d", "aten::conv3d"]);
export const TRANSPOSED = new Set(["aten::conv_transpose2d.input", "aten::conv_transpose3d.input"]);
export const NORMS = new Set(["aten::batch_norm", "aten::instance_norm", "aten::group_norm"]);
const ACTIVATIONS = new Set(["aten::relu", "aten::leaky_relu", "aten::prelu"]);

/** Whether a norm takes statistics that do not depend on what it sees. */
export function isFixed(norm: CallRecord): boolean {
  return norm.op === "aten::batch_norm" && norm.args[5] === false;
}

/**
 * Groups by the place of their last call, and the places of all others in them, which do nothing of their own.
 *
 * @param options `fold`: norms of fixed statistics become part of the convolution before them, which may then begin a group; otherwise norms begin one
 */
export function groupsOf(
  graph: Graph,
  { fold }: { readonly fold: boolean },
): { readonly groups: ReadonlyMap<number, Group>; readonly absorbed: ReadonlySet<number> } {
  const { calls } = graph;
  const taken = new Set<number>();
  const groups = new Map<number, Group>();
  const absorbed = new Set<number>();
  for (const [start, first] of calls.entries()) {
    if (taken.has(start)) continue;
    const begins = NORMS.has(first.op) || (fold && (CONVOLUTIONS.has(first.op) || TRANSPOSED.has(first.op)));
    const input = first.inputs[0];
    if (!begins || input === undefined) continue;
    const places = [start];
    const next = (accepts: (call: CallRecord) => boolean): CallRecord | undefined => {
      const place = onlyReader(graph, places.at(-1) as number);
      const call = place === undefined ? undefined : calls[place];
      if (place === undefined || call === undefined || taken.has(place) || !accepts(call)) return undefined;
      places.push(place);
      return call;
    };
    const convolution = NORMS.has(first.op) ? undefined : first;
    const norm =
      convolution === undefined
        ? first
        : next((call) => NORMS.has(call.op) && isFixed(call) && reads(call, 0, convolution));
    const beforeSum = calls[places.at(-1) as number] as CallRecord;
    const sum = next((call) => call.op === "aten::add.Tensor" && residualOf(call, beforeSum) !== undefined);
    const activation = next(
      (call) => ACTIVATIONS.has(call.op) && reads(call, 0, calls[places.at(-1) as number] as CallRecord),
    );
    const last = calls[places.at(-1) as number] as CallRecord;
    for (const place of places) taken.add(place);
    for (const place of places.slice(0, -1)) absorbed.add(place);
    groups.set(places.at(-1) as number, {
      convolution,
      norm,
      residual: sum === undefined ? undefined : residualOf(sum, beforeSum),
      activation,
      members: places.map((place) => calls[place] as CallRecord),
      input,
      output: last.outputs[0] as TensorFacts,
    });
  }
  return { groups, absorbed };
}

/** The place of the one call that reads what a call made, if it is read once and is no output. */
function onlyReader({ calls, readers, outputs }: Graph, place: number): number | undefined {
  const id = calls[place]?.outputs[0]?.id ?? NaN;
  const places = readers.get(id) ?? [];
  return places.length === 1 && !outputs.some((facts) => facts.id === id) ? places[0] : undefined;
}

function reads(call: CallRecord, argument: number, before: CallRecord): boolean {
  const value = call.args[argument];
  return isFacts(value) && value.id === before.outputs[0]?.id;
}

/** The other summand, where it has the size of the first or is one channel for all. */
function residualOf(sum: CallRecord, before: CallRecord): TensorFacts | undefined {
  const of = before.outputs[0];
  const other = sum.args.find((argument): argument is TensorFacts => isFacts(argument) && argument.id !== of?.id);
  if (of === undefined || other?.shape.length !== of.shape.length) return undefined;
  const same = other.shape.join() === of.shape.join();
  const oneChannel = other.shape[1] === 1 && other.shape.every((side, axis) => axis === 1 || side === of.shape[axis]);
  return same || oneChannel ? other : undefined;
}
