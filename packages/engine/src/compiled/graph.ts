import { VIEWS } from "../profile.js";
import type { CallRecord, GeneratorFacts, TensorFacts } from "../recorder.js";

/** The calls of a trace as a graph: no call changes what another one reads, and each value has one name. */
export interface Graph {
  readonly calls: readonly CallRecord[];
  readonly outputs: readonly TensorFacts[];
  /** The places of the calls that read a value, each as often as it reads it. */
  readonly readers: ReadonlyMap<number, readonly number[]>;
}

/** Operators whose results may share elements with their first input. */
const SHARING = new Set([...VIEWS, "aten::to.device", "aten::to.dtype"]);

/** In place, and the same as an operator that is not. */
const FUNCTIONAL: ReadonlyMap<string, string> = new Map([["aten::relu_", "aten::relu"]]);

/** In place on what nothing else can see, by how this project uses them: a mask that was filled for it. */
const OWN = new Set(["aten::bernoulli_.float"]);

/**
 * A call in place becomes one that makes a new value, and whoever read the old value later reads the new one.
 *
 * @returns nothing where that would not be the same: where a view of the old value is read later or is an output, or what is changed was given from outside
 */
export function graphOf(calls: readonly CallRecord[], outputs: readonly TensorFacts[]): Graph | undefined {
  const renamed = new Map<number, number>();
  const name = (id: number): number => renamed.get(id) ?? id;
  const made = new Set<number>();
  const family = new Map<number, number>(); // values that share elements: the first of them
  const head = (id: number): number => family.get(id) ?? id;
  const stale = new Set<number>(); // families whose other members may not be read any more
  const found: CallRecord[] = [];
  for (const call of calls) {
    const inputs = call.inputs.map((facts) => ({ ...facts, id: name(facts.id) }));
    const args = call.args.map((argument) => renamedIn(argument, name));
    if (inputs.some(({ id }) => stale.has(id))) return undefined;
    const [first] = inputs;
    const [output] = call.outputs;
    const inPlace = /_(\.|$)/.test(call.op) && !call.op.startsWith("aten::_");
    let { op } = call;
    if (inPlace) {
      const functional = FUNCTIONAL.get(op) ?? (OWN.has(op) ? op : undefined);
      if (functional === undefined || first === undefined || output === undefined || !made.has(first.id))
        return undefined;
      op = functional;
      for (const [id, of] of family) if (of === head(first.id) && id !== first.id) stale.add(id);
      if (head(first.id) !== first.id) stale.add(head(first.id));
      for (const [old, now] of renamed) if (now === first.id) renamed.set(old, output.id);
      renamed.set(first.id, output.id);
    } else if (SHARING.has(op) && first !== undefined && output !== undefined) {
      family.set(output.id, head(first.id));
    } else if (op.startsWith("aten::_foreach")) {
      return undefined;
    }
    for (const { id } of call.outputs) made.add(id);
    found.push({ ...call, op, args, inputs });
  }
  const named = outputs.map((facts) => ({ ...facts, id: name(facts.id) }));
  return named.some(({ id }) => stale.has(id)) ? undefined : finished(found, named);
}

function finished(calls: readonly CallRecord[], outputs: readonly TensorFacts[]): Graph {
  const readers = new Map<number, number[]>();
  for (const [place, { inputs }] of calls.entries()) {
    for (const { id } of inputs) {
      const list = readers.get(id) ?? [];
      list.push(place);
      readers.set(id, list);
    }
  }
  return { calls, outputs, readers };
}

function renamedIn(argument: unknown, name: (id: number) => number): unknown {
  if (isFacts(argument)) return { ...argument, id: name(argument.id) };
  return Array.isArray(argument) ? argument.map((item: unknown) => renamedIn(item, name)) : argument;
}

export function isFacts(value: unknown): value is TensorFacts {
  return typeof value === "object" && value !== null && "id" in value && "shape" in value;
}

export function isDraw(value: unknown): value is GeneratorFacts {
  return typeof value === "object" && value !== null && "keys" in value && !Array.isArray(value);
}

/** A number for each axis of space, as operators take them: each, one for all in a list, or one for all. */
export function perAxis(value: unknown, dims: number, otherwise: number): readonly number[] {
  if (Array.isArray(value) && value.length === dims) return value as number[];
  const one: unknown = Array.isArray(value) ? value[0] : value;
  return Array.from({ length: dims }, () => (typeof one === "number" ? one : otherwise));
}
