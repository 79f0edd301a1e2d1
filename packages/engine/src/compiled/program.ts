import type { RandomSource, SeedKey } from "@multirnet/base";

import { call, type Argument } from "../call.js";
import { Generator } from "../generator.js";
import { Tensor } from "../generated/tensor.js";
import { labelled } from "../recorder.js";
import { scope } from "../scope.js";

/** Where a program keeps a tensor. */
export class Slot {
  readonly index: number;

  constructor(index: number) {
    this.index = index;
  }
}

/** A generator that is made anew at each run, from the run's random source and these keys. */
export class Draw {
  readonly keys: readonly SeedKey[];

  constructor(keys: readonly SeedKey[]) {
    this.keys = keys;
  }
}

export type StepArgument = Slot | Draw | number | boolean | string | undefined | readonly StepArgument[];

/** One operator call of a program. */
export interface Step {
  readonly op: string;
  readonly args: readonly StepArgument[];
  readonly outputs: readonly Slot[];
  readonly module: string; // the part of the network that it stands for
}

/** Operator calls one after the other, from inputs and weights to outputs. */
export interface Program {
  readonly slots: number;
  readonly steps: readonly Step[];
  readonly outputs: readonly Slot[];
}

/** Runs a program. Each tensor on the way is freed after its last use. */
export class Runner {
  readonly #program: Program;
  readonly #frees: readonly (readonly Slot[])[]; // after each step

  constructor(program: Program) {
    this.#program = program;
    this.#frees = lastUses(program);
  }

  /**
   * @param given the tensors that it begins with: inputs, weights, constants
   * @param random what its generators draw from
   */
  run(given: ReadonlyMap<Slot, Tensor>, random: RandomSource | undefined): Tensor[] {
    const { slots, steps, outputs } = this.#program;
    return scope(() => {
      const held: (Tensor | undefined)[] = Array.from({ length: slots });
      for (const [slot, tensor] of given) held[slot.index] = tensor;
      const argument = (value: StepArgument): Argument => {
        if (value instanceof Slot) return held[value.index];
        if (value instanceof Draw) return new Generator((random as RandomSource).derive(...value.keys));
        if (Array.isArray(value))
          return value.map((item: StepArgument) => argument(item)) as readonly (Tensor | number | boolean)[];
        return value as number | boolean | string | undefined;
      };
      for (const [index, step] of steps.entries()) {
        const found = labelled(step.module, () => call(Tensor, step.op, step.args.map(argument))).flat();
        for (const [place, slot] of step.outputs.entries()) held[slot.index] = found[place] as Tensor;
        for (const slot of this.#frees[index] ?? []) {
          held[slot.index]?.release();
          held[slot.index] = undefined;
        }
      }
      return outputs.map((slot) => held[slot.index] as Tensor);
    });
  }
}

/** What each step is the last to need, of what steps made. */
function lastUses({ steps, outputs }: Program): Slot[][] {
  const made = new Set(steps.flatMap((step) => step.outputs));
  const seen = new Set<Slot>(outputs);
  return steps
    .toReversed()
    .map((step) => {
      const used = [...slotsIn(step.args), ...step.outputs].filter((slot) => made.has(slot) && !seen.has(slot));
      for (const slot of used) seen.add(slot);
      return [...new Set(used)];
    })
    .toReversed();
}

/** The slots that a step reads. */
export function slotsIn(args: readonly StepArgument[]): Slot[] {
  return args.flatMap((argument) => {
    if (argument instanceof Slot) return [argument];
    return Array.isArray(argument) ? slotsIn(argument as readonly StepArgument[]) : [];
  });
}
