import { call, type Argument } from "../call.js";
import { Tensor } from "../generated/tensor.js";
import type { CallRecord, TensorFacts } from "../recorder.js";
import { keep } from "../scope.js";
import { isDraw, isFacts } from "./graph.js";
import { Draw, Slot, type Program, type Step, type StepArgument } from "./program.js";

const HALF = 8; // channels of half a block with AVX-512, as native/blocked/layout.h has it

/** What a graph begins with. */
export interface Leaves {
  /** The tensor of a value that no call makes, if it is one whose elements stay as they are while the program is used. */
  fixed(id: number): Tensor | undefined;
  /** How many keys of a generator are those of the run's own random source. */
  readonly randomKeys: number;
}

export interface Lowered {
  readonly program: Program;
  readonly given: ReadonlyMap<number, Slot>; // values by id that must be given at each run
  readonly constants: ReadonlyMap<Slot, Tensor>; // what was worked out once; held until released
}

/** Blocked values that stand for one along the channels. */
interface Joined {
  readonly parts: readonly Slot[];
  readonly channels: readonly number[];
}

/** The work in progress: which values there are in which layout, and the steps so far. */
export class Layouts {
  readonly #leaves: Leaves;
  readonly block: number;
  readonly fold: boolean;
  readonly #steps: Step[] = [];
  readonly #plain = new Map<number, Slot>();
  readonly #blocked = new Map<number, Slot>();
  readonly #joined = new Map<number, Joined>(); // what is joined once somebody asks for the whole
  readonly #given = new Map<number, Slot>();
  readonly #folded = new Map<number, Tensor>();
  readonly #constants = new Map<Slot, Tensor>();
  #slots = 0;
  #module = "";

  constructor(leaves: Leaves, block: number, fold: boolean) {
    this.#leaves = leaves;
    this.block = block;
    this.fold = fold;
  }

  /** The part of the network that the steps to come stand for. */
  beginPart(module: string): void {
    this.#module = module;
  }

  /** The same call on plain tensors. */
  asItIs({ op, args, outputs }: CallRecord): void {
    const slots = this.emit(
      op,
      args.map((argument) => this.#argument(argument)),
      outputs.length,
    );
    for (const [place, { id }] of outputs.entries()) this.#plain.set(id, slots[place] as Slot);
  }

  /** Adds a step. @returns where its results are */
  emit(op: string, args: readonly StepArgument[], outputs = 1): Slot[] {
    const slots = Array.from({ length: outputs }, () => this.#slot());
    this.#steps.push({ op, args, outputs: slots, module: this.#module });
    return slots;
  }

  /** A value as libtorch has it. */
  plain(facts: TensorFacts): Slot {
    const found = this.#plain.get(facts.id) ?? this.#leaf(facts.id);
    if (found !== undefined) return found;
    const blocked = this.blocked(facts);
    const [slot] = this.emit("multirnet::flat", [blocked, facts.shape[1]]) as [Slot];
    this.#plain.set(facts.id, slot);
    return slot;
  }

  /** A value N×C×space in blocks of channels. */
  blocked(facts: TensorFacts): Slot {
    const found = this.#blocked.get(facts.id);
    if (found !== undefined) return found;
    const joined = this.#joined.get(facts.id);
    const [slot] = (
      joined === undefined
        ? this.emit("multirnet::block", [this.plain(facts)])
        : this.emit("multirnet::join", [joined.parts, joined.channels])
    ) as [Slot];
    this.#blocked.set(facts.id, slot);
    return slot;
  }

  /** How many channels the blocks of a value hold: half as many as they may where that is enough. */
  width(channels: number): number {
    return channels <= HALF ? Math.min(HALF, this.block) : this.block;
  }

  hasBlocked({ id }: TensorFacts): boolean {
    return this.#blocked.has(id) || this.#joined.has(id);
  }

  /** The parts of a joined value that nobody has needed whole so far, if all of them fill their blocks. */
  parts({ id }: TensorFacts): readonly Slot[] | undefined {
    const joined = this.#blocked.has(id) ? undefined : this.#joined.get(id);
    return joined?.channels.every((count) => count % this.width(count) === 0) === true ? joined.parts : undefined;
  }

  setPlain({ id }: TensorFacts, slot: Slot): void {
    this.#plain.set(id, slot);
  }

  setJoined({ id }: TensorFacts, parts: readonly Slot[], channels: readonly number[]): void {
    this.#joined.set(id, { parts, channels });
  }

  setBlocked({ id }: TensorFacts, slot: Slot): void {
    this.#blocked.set(id, slot);
  }

  /** The elements of a value, if they are the same at each run. */
  fixed({ id }: TensorFacts): Tensor | undefined {
    return this.fold ? (this.#folded.get(id) ?? this.#leaves.fixed(id)) : undefined;
  }

  /** A tensor that is the same at each run. It is held apart from whoever gave it, who may release theirs. */
  constant(tensor: Tensor): Slot {
    const slot = this.#slot();
    this.#constants.set(slot, keep(tensor.detach()));
    return slot;
  }

  finish(outputs: readonly TensorFacts[]): Lowered {
    const slots = outputs.map((facts) => this.plain(facts));
    for (const tensor of this.#folded.values()) tensor.release();
    return {
      program: { slots: this.#slots, steps: this.#steps, outputs: slots },
      given: this.#given,
      constants: this.#constants,
    };
  }

  #slot(): Slot {
    return new Slot(this.#slots++);
  }

  /** The slot of a value that no step makes. */
  #leaf(id: number): Slot | undefined {
    if (this.#blocked.has(id) || this.#joined.has(id)) return undefined;
    const folded = this.#folded.get(id);
    const slot = folded === undefined ? this.#slot() : this.constant(folded);
    if (folded === undefined) this.#given.set(id, slot);
    this.#plain.set(id, slot);
    return slot;
  }

  #argument(argument: unknown): StepArgument {
    if (isFacts(argument)) return this.plain(argument);
    if (isDraw(argument)) return new Draw(argument.keys.slice(this.#leaves.randomKeys));
    return Array.isArray(argument)
      ? argument.map((item: unknown) => this.#argument(item))
      : (argument as number | boolean | string | undefined);
  }

  /** Works a call out now, if all that goes into it is the same at each run. */
  foldAway({ op, args, inputs, outputs }: CallRecord): boolean {
    if (!this.fold || inputs.length === 0 || args.some(isDraw)) return false;
    if (inputs.some((facts) => this.fixed(facts) === undefined)) return false;
    const resolve = (argument: unknown): Argument => {
      if (isFacts(argument)) return this.fixed(argument);
      return Array.isArray(argument)
        ? (argument.map((item: unknown) => resolve(item)) as Tensor[])
        : (argument as Argument);
    };
    const found = call(Tensor, op, args.map(resolve)).flat();
    for (const [place, { id }] of outputs.entries()) this.#folded.set(id, keep(found[place] as Tensor));
    return true;
  }
}
