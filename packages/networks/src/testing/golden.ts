import { readFileSync } from "node:fs";

import { RandomSource } from "@multirnet/base";
import { gradients, scope, withoutGradients, type Tensor } from "@multirnet/engine";
import { expect } from "vitest";

import { namedHeads, type Network } from "../network.js";
import { nameHere } from "../reference.js";
import { createNetwork, networkEntry, resolveNetwork } from "../registry.js";
import { filled, noise, pattern } from "./formula.js";

/** What a golden file keeps of a tensor. */
interface Sampled {
  readonly shape: readonly number[];
  readonly range: number; // largest less smallest
  readonly mean: number;
  readonly stride: number;
  readonly samples: readonly number[];
}

/** A network in training, then in evaluation with the statistics that training moved, as PyTorch computed it. */
export interface GoldenCase {
  readonly name: string;
  readonly scan?: readonly number[]; // the input's shape, where cases differ in it
  /** Where the tensors were filled by the names of a reference: which, and its names with their shapes. */
  readonly reference?: string;
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
  readonly origin: string;
  readonly scan?: readonly number[];
  readonly cases: readonly GoldenCase[];
}

export function readGolden(url: URL): Golden {
  return JSON.parse(readFileSync(url, "utf8")) as Golden;
}

const HEAD_TOLERANCE = 1e-4; // of the range
const GRADIENT_TOLERANCE = 1e-3;

/** Does what scripts/golden/formula.py `run` did, and expects the same numbers. */
export function expectGolden(network: string, shape: readonly number[] | undefined, golden: GoldenCase): void {
  scope(() => {
    const made = createNetwork(resolveNetwork({ name: network, ...golden.options }), 0);
    const here = namesHere(network, golden);
    made.loadState(filledState(made, golden, here));
    const { dtype = "float32" } = golden;
    made.convert(dtype);
    const scan = noise("scan", golden.scan ?? shape ?? []).toDtype(dtype);
    const random = new RandomSource(0);

    const heads = namedHeads(made.forward(scan, { mode: "train", random }));
    expect([...heads.keys()].sort()).toEqual(Object.keys(golden.train).sort());
    for (const [name, head] of heads) expectSampled(`${name} in training`, head, golden.train[name], HEAD_TOLERANCE);
    const loss = [...heads]
      .map(([name, head]) => head.mul(pattern(`pattern.${name}`, head.shape).toDtype(dtype)).mean(undefined))
      .reduce((sum, term) => sum.add(term));
    expect(loss.item()).toBeCloseTo(golden.loss, 4);
    expectGradients(made, loss, golden, here);
    const state = made.state();
    for (const [name, moved] of Object.entries(golden.moved))
      expectSampled(name, state.get(here(name) ?? name) as Tensor, moved, HEAD_TOLERANCE);

    const evaluated = namedHeads(withoutGradients(() => made.forward(scan, { mode: "eval", random })));
    for (const [name, head] of evaluated)
      expectSampled(`${name} in evaluation`, head, golden.eval[name], HEAD_TOLERANCE);
    made.release();
  });
}

/** What a tensor that the golden file names is called here; undefined for one that has no place. */
function namesHere(network: string, { reference: wanted, state }: GoldenCase): (name: string) => string | undefined {
  if (state === undefined) return (name) => name;
  const reference = networkEntry(network).references.find(({ name }) => name === wanted);
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

function expectGradients(
  made: Network,
  loss: Tensor,
  golden: GoldenCase,
  here: (name: string) => string | undefined,
): void {
  const names = Object.keys(golden.gradients);
  const parameters = made.parameters();
  const found = gradients(
    loss,
    names.map((name) => parameters.get(here(name) ?? name) as Tensor),
  );
  for (const [index, name] of names.entries()) {
    // Of a gradient whose elements are nearly equal the range is no measure: rounding goes by their size.
    const expected = golden.gradients[name];
    const size = Math.max(...(expected?.samples ?? []).map(Math.abs), expected?.range ?? 0);
    const sized = expected === undefined ? undefined : { ...expected, range: size };
    expectSampled(`gradient of ${name}`, found[index] as Tensor, sized, GRADIENT_TOLERANCE);
  }
}

function expectSampled(what: string, tensor: Tensor, golden: Sampled | undefined, tolerance: number): void {
  if (golden === undefined) throw new Error(`${what} is not in the golden file`);
  expect(tensor.shape, what).toEqual(golden.shape);
  const values = tensor.toArray() as Float32Array | Float64Array;
  const allowed = tolerance * (golden.range === 0 ? 1 : golden.range);
  for (const [index, sample] of golden.samples.entries()) {
    const value = values[index * golden.stride] as number;
    const words = `${what}, element ${String(index * golden.stride)}: ${String(value)}, PyTorch has ${String(sample)}`;
    expect(Math.abs(value - sample), words).toBeLessThanOrEqual(allowed);
  }
  const mean = Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
  expect(Math.abs(mean - golden.mean), `${what}, mean`).toBeLessThanOrEqual(allowed);
}
