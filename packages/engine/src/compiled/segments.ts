import type { RandomSource } from "@multirnet/base";

import { gradients, withoutGradients } from "../autograd.js";
import type { Tensor } from "../generated/tensor.js";
import { scope } from "../scope.js";
import { Runner, slotsIn, type Program, type Slot, type Step } from "./program.js";

/** What a run of a program begins with. */
export interface Beginning {
  readonly given: ReadonlyMap<Slot, Tensor>; // inputs, weights, constants
  readonly random: RandomSource | undefined;
  /** Tensors that a run changes, such as running statistics: they are changed once, however often a stretch is run. */
  readonly moving: readonly Tensor[];
}

/** Steps of a program that are run together, and what passes into and out of them. */
interface Stretch {
  readonly runner: Runner;
  readonly reads: readonly Slot[]; // made before it
  readonly passesOn: readonly Slot[]; // made in it, and read behind it or given back
}

/**
 * A run of a program that keeps for its gradient only what passes from one stretch of its steps to the next, and runs each stretch once more when its turn
 * comes: a third more work, for a part of the memory. Chen et al., Training deep nets with sublinear memory cost, 2016.
 */
export class SegmentedRun {
  /** They have no way back to weights and inputs but by `gradients`. */
  readonly outputs: readonly Tensor[];
  readonly #stretches: readonly Stretch[];
  readonly #begun: Beginning;
  readonly #slots: readonly Slot[]; // of the outputs
  readonly #passed: ReadonlyMap<Slot, Tensor>;
  readonly #learned: ReadonlySet<Slot>; // what depends on a tensor that takes a gradient

  constructor(program: Program, count: number, begun: Beginning) {
    this.#stretches = stretchesOf(program, count);
    this.#begun = begun;
    this.#slots = program.outputs;
    const passed = new Map<Slot, Tensor>();
    withoutGradients(() => {
      for (const { runner, reads, passesOn } of this.#stretches) {
        const before = reads.map((slot) => [slot, passed.get(slot) as Tensor] as const);
        const made = runner.run(new Map([...begun.given, ...before]), begun.random);
        for (const [place, slot] of passesOn.entries()) passed.set(slot, made[place] as Tensor);
      }
    });
    this.#passed = passed;
    this.#learned = learnedIn(program, begun.given);
    this.outputs = program.outputs.map((slot) => passed.get(slot) as Tensor);
  }

  /**
   * The gradients of a number, from its gradients with respect to the outputs.
   *
   * @param ofOutputs in their order; undefined where an output took no part
   * @param wanted weights and inputs
   * @returns in the order of `wanted`; undefined for what took no part
   */
  gradients(ofOutputs: readonly (Tensor | undefined)[], wanted: readonly Tensor[]): (Tensor | undefined)[] {
    return scope(() => {
      const ofPassed = new Map<Slot, Tensor>();
      const sums = new Map<number, Tensor>(); // by place among the wanted
      for (const [place, slot] of this.#slots.entries()) addTo(ofPassed, slot, ofOutputs[place]);
      for (const stretch of this.#stretches.toReversed()) {
        const { ofWanted, ofReads } = this.#back(stretch, ofPassed, wanted);
        for (const [place, gradient] of ofWanted.entries()) addTo(sums, place, gradient);
        for (const slot of stretch.passesOn) ofPassed.delete(slot);
        for (const [place, gradient] of ofReads.entries()) addTo(ofPassed, stretch.reads[place] as Slot, gradient);
      }
      return wanted.map((_, place) => sums.get(place));
    });
  }

  /** Runs a stretch once more, with a way back, and goes it. */
  #back(
    { runner, reads, passesOn }: Stretch,
    ofPassed: ReadonlyMap<Slot, Tensor>,
    wanted: readonly Tensor[],
  ): { readonly ofWanted: readonly (Tensor | undefined)[]; readonly ofReads: readonly (Tensor | undefined)[] } {
    return scope(() => {
      const { given, random, moving } = this.#begun;
      const leaves = reads.map((slot) => {
        const leaf = (this.#passed.get(slot) as Tensor).detach();
        return this.#learned.has(slot) ? leaf.setRequiresGrad(true) : leaf;
      });
      const before = reads.map((slot, place) => [slot, leaves[place] as Tensor] as const);
      const as = withoutGradients(() => moving.map((tensor) => tensor.clone()));
      const made = runner.run(new Map([...given, ...before]), random);
      const parts = passesOn.flatMap((slot, place) => {
        const [tensor, gradient] = [made[place] as Tensor, ofPassed.get(slot)];
        return gradient === undefined || !tensor.requiresGrad ? [] : tensor.mul(gradient).sum(undefined);
      });
      const differentiable = leaves.filter((leaf) => leaf.requiresGrad);
      const found = gradientsOf(parts, [...wanted, ...differentiable]);
      withoutGradients(() => {
        for (const [place, tensor] of moving.entries()) tensor.copyInPlace(as[place] as Tensor);
      });
      const ofLeaves = new Map(differentiable.map((leaf, place) => [leaf, found[wanted.length + place]]));
      return { ofWanted: found.slice(0, wanted.length), ofReads: leaves.map((leaf) => ofLeaves.get(leaf)) };
    });
  }
}

/** Of the sum of some numbers; none where there are no numbers. */
function gradientsOf([first, ...rest]: readonly Tensor[], wanted: readonly Tensor[]): (Tensor | undefined)[] {
  if (first === undefined) return wanted.map(() => undefined);
  return gradients(
    rest.reduce((sum, part) => sum.add(part), first),
    wanted,
  );
}

function addTo<Key>(sums: Map<Key, Tensor>, key: Key, gradient: Tensor | undefined): void {
  if (gradient === undefined) return;
  const before = sums.get(key);
  sums.set(key, before === undefined ? gradient : withoutGradients(() => before.add(gradient)));
}

function learnedIn({ steps }: Program, given: ReadonlyMap<Slot, Tensor>): Set<Slot> {
  const learned = new Set(Array.from(given).flatMap(([slot, { requiresGrad }]) => (requiresGrad ? slot : [])));
  for (const { args, outputs } of steps) {
    if (slotsIn(args).some((slot) => learned.has(slot))) for (const slot of outputs) learned.add(slot);
  }
  return learned;
}

/** Stretches of about as many steps each. */
function stretchesOf({ slots, steps, outputs }: Program, count: number): Stretch[] {
  const cuts = Array.from({ length: count + 1 }, (_, i) => Math.round((i * steps.length) / count));
  const parts = cuts.slice(1).map((end, i) => steps.slice(cuts[i], end));
  const readBehind = parts.map((_, i) => new Set([...outputs, ...parts.slice(i + 1).flatMap(readIn)]));
  return parts.flatMap((part, i): Stretch[] => {
    if (part.length === 0) return [];
    const made = new Set(part.flatMap((step) => step.outputs));
    const before = new Set(parts.slice(0, i).flatMap((earlier) => earlier.flatMap((step) => step.outputs)));
    const passesOn = [...made].filter((slot) => readBehind[i]?.has(slot));
    const reads = [...new Set(readIn(part))].filter((slot) => before.has(slot));
    return [{ runner: new Runner({ slots, steps: part, outputs: passesOn }), reads, passesOn }];
  });
}

function readIn(steps: readonly Step[]): Slot[] {
  return steps.flatMap((step) => slotsIn(step.args));
}
