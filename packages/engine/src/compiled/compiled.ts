import type { RandomSource } from "@multirnet/base";

import { withoutGradients } from "../autograd.js";
import type { Tensor } from "../generated/tensor.js";
import { aboutEngine } from "../machine.js";
import { mixesPrecision } from "../mixed-precision.js";
import { Buffer, type Module, type Parameter } from "../module.js";
import { native } from "../native.js";
import { scope } from "../scope.js";
import { graphOf } from "./graph.js";
import type { Lowered } from "./layouts.js";
import { lower } from "./lowering.js";
import { Runner, type Slot } from "./program.js";
import { SegmentedRun } from "./segments.js";
import { trace } from "./trace.js";

/** A function of tensors and a module's weights, done in another way. */
export interface Compiled {
  /** @returns the outputs in their order */
  run(inputs: readonly Tensor[], random?: RandomSource): Tensor[];
  /**
   * As `run`, but what its gradient needs is made anew, in so many stretches, when it is asked for.
   *
   * @throws Error where weights were worked into it
   */
  runInStretches(inputs: readonly Tensor[], count: number, random?: RandomSource): SegmentedRun;
  /** Whether weights that were worked into it have changed since. */
  stale(): boolean;
  release(): void;
}

/**
 * Compiles what `body` does with a module: it is run once, without its convolutions, and what it called becomes a program with activations in blocks of channels. Good for inputs of
 * the same size only.
 *
 * @param options `fold`: the weights as they are now are worked into it, and it cannot be differentiated; `randomKeys`: how many keys the random source of
 * the run has, of which `body` derives its generators
 * @returns nothing where there is no faster way: on a processor or with a libtorch without the kernels, in mixed precision, or for what decides by the elements
 * of a tensor
 */
export function compile(
  module: Module,
  inputs: readonly Tensor[],
  body: () => readonly Tensor[],
  { fold, randomKeys = 0 }: { readonly fold: boolean; readonly randomKeys?: number },
): Compiled | undefined {
  const { block } = aboutEngine();
  if (block === 0 || mixesPrecision("cpu")) return undefined;
  if (inputs.some(({ device, dtype, elements }) => device !== "cpu" || dtype !== "float32" || elements === 0))
    return undefined;
  const members = new Map<number, Parameter | Buffer>();
  for (const [, member] of module.members()) members.set(member.tensor.id, member);
  const places = new Map(inputs.map(({ id }, place) => [id, place]));
  return scope(() =>
    withoutGradients(() => {
      const known = new Set([...members.keys(), ...places.keys()]);
      const traced = trace(known, body);
      if (traced === undefined) return undefined;
      const { result, calls, constants } = traced;
      const facts = result.map(({ id, shape, dtype }) => ({ id, shape, dtype }));
      const graph = graphOf(calls, facts);
      if (graph === undefined) {
        for (const tensor of constants.values()) tensor.release();
        return undefined;
      }
      const fixed = (id: number): Tensor | undefined => members.get(id)?.tensor ?? constants.get(id);
      const lowered = lower(graph, { fixed, randomKeys }, { block, fold });
      return new CompiledFunction({
        lowered,
        tensorOf: (id, given) => {
          const place = places.get(id);
          return (place === undefined ? fixed(id) : given[place]) as Tensor;
        },
        worked: fold ? [...members.values()] : [],
        moving: [...members.values()].filter((member) => member instanceof Buffer).map(({ tensor }) => tensor),
        fold,
        held: [...lowered.constants.values(), ...constants.values()],
      });
    }),
  );
}

interface Parts {
  readonly lowered: Lowered;
  readonly tensorOf: (id: number, inputs: readonly Tensor[]) => Tensor;
  readonly worked: readonly (Parameter | Buffer)[]; // into the program
  readonly moving: readonly Tensor[]; // that training may change without a gradient
  readonly fold: boolean;
  readonly held: readonly Tensor[]; // freed with it
}

class CompiledFunction implements Compiled {
  readonly #parts: Parts;
  readonly #runner: Runner;
  readonly #changes: string;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#runner = new Runner(parts.lowered.program);
    this.#changes = this.#count();
  }

  run(inputs: readonly Tensor[], random?: RandomSource): Tensor[] {
    return this.#runner.run(this.#given(inputs), random);
  }

  runInStretches(inputs: readonly Tensor[], count: number, random?: RandomSource): SegmentedRun {
    const { lowered, moving, fold } = this.#parts;
    if (fold) throw new Error("weights were worked into this program: it has no gradient");
    return new SegmentedRun(lowered.program, count, { given: this.#given(inputs), random, moving });
  }

  #given(inputs: readonly Tensor[]): Map<Slot, Tensor> {
    const { lowered, tensorOf } = this.#parts;
    const held = new Map(lowered.constants);
    for (const [id, slot] of lowered.given) held.set(slot, tensorOf(id, inputs));
    return held;
  }

  stale(): boolean {
    return this.#count() !== this.#changes;
  }

  release(): void {
    for (const tensor of this.#parts.held) tensor.release();
  }

  /** Which tensors were worked into it, and how often they were changed. */
  #count(): string {
    const tensors = this.#parts.worked.map(({ tensor }) => tensor);
    return `${tensors.map(({ id }) => id).join()} ${String(native().versions(tensors.map((tensor) => tensor.native)))}`;
  }
}
