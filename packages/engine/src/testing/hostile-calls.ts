import type { RandomSource } from "@multirnet/base";

import { parseSchema } from "../../generator/schema.js";
import type { WantedOp } from "../../ops/table.js";
import { tensor } from "../create.js";
import * as functions from "../generated/tensor.js";
import { Generator } from "../generator.js";
import { operatorSchemas } from "../machine.js";

const { Tensor } = functions;

interface Taken {
  readonly name: string;
  readonly type: string;
  readonly isOption: boolean;
}

/** How an operator of the table is called here, as the generator lays it out. */
interface Callee {
  readonly isMethod: boolean;
  readonly takes: readonly Taken[]; // without self
}

const TYPES = ["float32", "float32", "float32", "float64", "int64", "uint8", "bool", "float16", "bfloat16"] as const;
// Either small, or so large that no address space holds as many bytes: what lies between might really be allocated.
const NUMBERS = [-1, 0, 0, 1, 1, 1, 2, 2, 3, 4, -(2 ** 53 - 1), 65_536, 2 ** 52, 2 ** 53 - 1, NaN, 1.5];
const SIDES = [0, 1, 1, 2, 2, 3, 4];
const CHANNELS = [1, 2, 2, 4];

/** Draws calls of operators with values that are mostly of the right kind, often wrong in size, and now and then quite wrong. */
export class HostileCalls {
  readonly #random: RandomSource;
  readonly #callees: ReadonlyMap<string, Callee>;
  readonly #released = tensor([1, 2], [2]);
  #rank = 5; // of what the operator at hand mostly takes

  constructor(wanted: readonly WantedOp[], random: RandomSource) {
    this.#random = random;
    const lines = new Map(operatorSchemas().map((line) => [/^aten::([^(]+)\(/.exec(line)?.[1] ?? "", line]));
    this.#callees = new Map(wanted.map((op) => [op.name, calleeOf(op, lines.get(op.aten[0]) ?? "")]));
    this.#released.release();
  }

  /** Makes one call. @returns what the operator returned @throws whatever it threw */
  call(name: string): unknown {
    const { isMethod, takes } = this.#callees.get(name) as Callee;
    this.#rank = name.endsWith("2d") ? 4 : 5;
    const side = this.#pick(CHANNELS);
    const required = takes.filter(({ isOption }) => !isOption).map((taken) => this.#value(taken, side));
    const optional = takes.filter(({ isOption }) => isOption);
    const options = Object.fromEntries(
      optional.filter(() => this.#random.chance(0.6)).map((taken) => [taken.name, this.#value(taken, side)]),
    );
    const args = optional.length > 0 ? [...required, options] : required;
    const owner: object = isMethod ? this.#tensor("self", side) : functions;
    return (owner as Record<string, (...args: unknown[]) => unknown>)[name]?.(...args);
  }

  #value(taken: Taken, channels: number): unknown {
    if (this.#random.chance(0.03)) return this.#wrong();
    const type = taken.type.replace("?", "");
    const list = /^(\w+)\[(\d*)\]$/.exec(type);
    if (list === null) return this.#single(type, taken, channels);
    if (taken.name === "normalizedShape" && this.#random.chance(0.7)) return [this.#pick(SIDES)];
    if (taken.name === "dims" && this.#random.chance(0.5)) return this.#random.shuffled([0, 1, 2, 3, 4]);
    if (list[1] === "Tensor" && this.#random.chance(0.7)) return [1, 2].map(() => tensor([3, 1], [2]));
    const length = list[2] !== "" && this.#random.chance(0.9) ? Number(list[2]) : this.#random.integer(6);
    return Array.from({ length }, () => this.#single(list[1] ?? "", taken, channels));
  }

  #single(type: string, taken: Taken, channels: number): unknown {
    switch (type) {
      case "Tensor":
        return this.#tensor(taken.name, channels);
      case "int":
        return this.#random.chance(0.8) ? this.#random.integer(3) : this.#pick(NUMBERS);
      case "float":
      case "Scalar":
        return this.#pick([-1, 0, 0.5, 1, NaN, Infinity, 1e300, 2 ** 53]);
      case "bool":
        return this.#random.chance(0.5);
      case "ScalarType":
        return this.#pick([...TYPES, "float8", 6]);
      case "Device":
        return this.#pick(["cpu", "cpu", "meta", "cuda:7", "nonsense", ""]);
      case "Generator":
        return new Generator(this.#random);
      default:
        throw new Error(`no values for ${type}`);
    }
  }

  /** Of a rank and with sides that often fit what an argument of that name must have. */
  #tensor(argument: string, channels: number): functions.Tensor {
    if (argument === "index" && this.#random.chance(0.6)) return tensor([0, this.#random.integer(3)], [2], "int64");
    const fits = this.#random.chance(0.8);
    const side = (): number => this.#pick(SIDES);
    const shape = !fits
      ? Array.from({ length: this.#random.integer(6) }, side)
      : argument === "input" || argument === "self"
        ? [side(), channels, side() + 1, side() + 2, side()].slice(0, this.#rank)
        : argument === "weight" && this.#random.chance(0.7)
          ? [
              this.#random.chance(0.5) ? channels : this.#pick(CHANNELS),
              channels,
              1 + this.#random.integer(2),
              side(),
              1,
            ].slice(0, this.#rank)
          : [channels];
    const type = this.#random.chance(0.8) ? "float32" : this.#pick(TYPES);
    const count = shape.reduce((product, length) => product * length, 1);
    const numbers = Array.from({ length: count }, () => this.#random.integer(5) - 2);
    const made = tensor(numbers, shape).toDtype(type);
    return type.startsWith("float") && this.#random.chance(0.3) ? made.setRequiresGrad(true) : made;
  }

  #wrong(): unknown {
    return this.#pick<() => unknown>([
      () => null,
      () => undefined,
      () => "text",
      () => true,
      () => 3,
      () => ({}),
      () => [],
      () => [1, [2]],
      () => Symbol("x"),
      () => 10n,
      () => () => 1,
      () => new Float32Array(3),
      () => new Array<number>(2),
      () => new Generator(this.#random),
      () => this.#tensor("other", 1),
      () => [this.#tensor("other", 2)],
      () => this.#released,
      () => this.#tensor("other", 1).native,
    ])();
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#random.integer(items.length)] as T;
  }
}

function calleeOf(op: WantedOp, line: string): Callee {
  const { args } = parseSchema(line);
  const isMethod = args[0]?.name === "self" && args[0].type === "Tensor";
  const seen = args.filter(({ name }) => op.omit?.includes(name) !== true && op.fixed?.[name] === undefined);
  const takes = seen.slice(isMethod ? 1 : 0).map(({ name, type, default: value }) => ({
    name: name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
    type,
    isOption: value !== undefined,
  }));
  return { isMethod, takes };
}

/** Reads all that came out of a call, so that what is broken is met now. */
export function readAll(result: unknown): void {
  for (const item of [result].flat())
    if (item instanceof Tensor && item.elements < 1e6 && item.device === "cpu") item.toArray();
}
