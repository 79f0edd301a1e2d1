import { readFileSync } from "node:fs";

import { RandomSource } from "@multirnet/base";
import { gradients, scope, withoutGradients, type Tensor } from "@multirnet/engine";
import { namedHeads, type Network } from "../network.js";
import { nameHere } from "../reference.js";
import { createNetwork, networkEntry, resolveNetwork } from "../registry.js";
import { filled, noise, pattern } from "./formula.js";

/** What a golden file keeps of a tensor. */
interface Sampled {
  readonly shape: readonly number[];
  readonly low: number;
  readonly high: number;
  readonly mean: number;
  readonly stride: number;
  readonly samples: readonly number[];
}

/** A network in training, then in evaluation with the statistics that training moved, as PyTorch computed it. */
export interface GoldenCase {
  readonly name: string;
  readonly scan: readonly number[]; // the input's shape
  /** Where the tensors were filled by the names of a reference: which, and its names with their shapes. */
  readonly reference?: string;
  readonly referenceOf?: string; // the network that the reference stands by, where it is another
  readonly state?: readonly (readonly [name: string, shape: readonly number[]])[];
  readonly dtype?: "float64"; // where rounding in 32 bits would hide an error
  readonly options: Record<string, unknown>;
  readonly loss: number;
  readonly train: Readonly<Record<string, Sampled>>;
  readonly gradients: Readonly<Record<string, Sampled>>;
  readonly moved: Readonly<Record<string, Sampled>>;
  readonly eval: Readonly<Record<string, Sampled>>;
}

export interface Golden {
  readonly network: string;
  readonly origin: string;
  readonly cases: readonly GoldenCase[];
}

export function readGolden(url: URL): Golden {
  return JSON.parse(readFileSync(url, "utf8")) as Golden;
}

/** How far a network is from PyTorch's numbers: the largest difference of each tensor, as a share of its range. */
export interface Agreement {
  readonly training: ReadonlyMap<string, number>; // heads
  readonly evaluation: ReadonlyMap<string, number>; // heads
  readonly gradients: ReadonlyMap<string, number>; // of the weights that the golden file names
  readonly statistics: ReadonlyMap<string, number>; // that training moved
  readonly loss: number; // absolute
}

/** Does what scripts/golden/formula.py `run` did, on a device, and compares. @throws Error where heads or shapes are others */
export function agreementWith(network: string, golden: GoldenCase, device = "cpu"): Agreement {
  return scope(() => {
    const made = createNetwork(resolveNetwork({ name: network, ...golden.options }), 0);
    const here = namesHere(network, golden);
    made.loadState(filledState(made, golden, here));
    const { dtype = "float32" } = golden;
    made.convert({ dtype, device });
    const scan = noise("scan", golden.scan).toDevice(device, dtype);
    const random = new RandomSource(0);

    const heads = namedHeads(made.forward(scan, { mode: "train", random }));
    const loss = [...heads]
      .map(([name, head]) => head.mul(pattern(`pattern.${name}`, head.shape).toDevice(device, dtype)).mean(undefined))
      .reduce((sum, term) => sum.add(term));
    const found = {
      training: differences(golden.train, heads),
      gradients: differences(golden.gradients, gradientsOf(made, loss, golden, here), sizeOf),
      loss: Math.abs(loss.item() - golden.loss),
    };
    const state = made.state();
    const moved = Object.keys(golden.moved).map((name) => [name, state.get(here(name) ?? name) as Tensor] as const);
    const evaluated = namedHeads(withoutGradients(() => made.forward(scan, { mode: "eval", random })));
    const agreement = {
      ...found,
      statistics: differences(golden.moved, new Map(moved)),
      evaluation: differences(golden.eval, evaluated),
    };
    made.release();
    return agreement;
  });
}

/** What a tensor that the golden file names is called here; undefined for one that has no place. */
function namesHere(
  network: string,
  { reference: wanted, referenceOf = network, state }: GoldenCase,
): (name: string) => string | undefined {
  if (state === undefined) return (name) => name;
  const reference = networkEntry(referenceOf).references.find(({ name }) => name === wanted);
  if (reference === undefined) throw new Error(`${network} knows no reference ${String(wanted)}`);
  return (name) => nameHere(reference, name);
}

function filledState(
  made: Network,
  { state }: GoldenCase,
  here: (name: string) => string | undefined,
): Map<string, Tensor> {
  if (state === undefined) return new Map([...made.state()].map(([name, { shape }]) => [name, filled(name, shape)]));
  return new Map(
    state.flatMap(([name, shape]) => {
      const ours = here(name);
      return ours === undefined ? [] : [[ours, filled(name, shape)] as const];
    }),
  );
}

function gradientsOf(
  made: Network,
  loss: Tensor,
  golden: GoldenCase,
  here: (name: string) => string | undefined,
): Map<string, Tensor> {
  const names = Object.keys(golden.gradients);
  const parameters = made.parameters();
  const found = gradients(
    loss,
    names.map((name) => parameters.get(here(name) ?? name) as Tensor),
  );
  return new Map(names.map((name, index) => [name, found[index] as Tensor]));
}

/** @param scale what a difference is a share of */
function differences(
  golden: Readonly<Record<string, Sampled>>,
  found: ReadonlyMap<string, Tensor>,
  scale = rangeOf,
): Map<string, number> {
  const names = Object.keys(golden).sort();
  if ([...found.keys()].sort().join() !== names.join())
    throw new Error(`expected ${names.join(", ")}, came ${[...found.keys()].join(", ")}`);
  return new Map(
    Array.from(found, ([name, tensor]) => {
      const wanted = golden[name] as Sampled;
      return [name, largestDifference(name, tensor, wanted) / (scale(wanted) || 1)];
    }),
  );
}

function rangeOf({ low, high }: Sampled): number {
  return high - low;
}

/** Of a gradient whose elements are nearly equal the range is no measure: rounding goes by their size. */
function sizeOf({ low, high }: Sampled): number {
  return Math.max(Math.abs(low), Math.abs(high), high - low);
}

function largestDifference(name: string, tensor: Tensor, golden: Sampled): number {
  if (tensor.shape.join() !== golden.shape.join())
    throw new Error(`${name} is ${tensor.shape.join("×")}, PyTorch has ${golden.shape.join("×")}`);
  const values = tensor.toArray() as Float32Array | Float64Array;
  let [low, high, sum] = [Infinity, -Infinity, 0];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
    sum += value;
  }
  const off = golden.samples.map((sample, index) => Math.abs((values[index * golden.stride] as number) - sample));
  const whole = [low - golden.low, high - golden.high, sum / values.length - golden.mean].map(Math.abs);
  return Math.max(...off, ...whole);
}
