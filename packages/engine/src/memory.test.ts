import { RandomSource } from "@multirnet/base";
import { beforeEach, expect, test } from "vitest";

import { tensorFrom } from "./create.js";
import { full, zeros, type Tensor } from "./generated/tensor.js";
import { aboutEngine, releaseIdleMemory } from "./machine.js";
import { keep, scope } from "./scope.js";

const MIB = 2 ** 20;
const idle = (): number => aboutEngine().idleBytes / MIB;
/** A tensor of so many MiB. */
const make = (mib: number): { release(): void } => zeros([mib * MIB], { dtype: "uint8" });

beforeEach(() => {
  releaseIdleMemory();
});

test("the memory of a freed tensor waits for the next of its size", () => {
  const first = make(8);
  expect(idle()).toBe(0);
  first.release();
  expect(idle()).toBe(8);
  const second = make(8);
  expect(idle()).toBe(0);
  second.release();
});

test("a block serves a tensor that is a little smaller", () => {
  make(9).release();
  const near = make(8); // 8 + 8/8
  expect(idle()).toBe(0);
  near.release();
  expect(idle()).toBe(9);
});

test("a block serves a much smaller tensor only where a new one beside it would be too much, and then gives a part of itself", () => {
  scope(() => {
    make(40); // so that there is room: 8 beside
    make(6).release();
    make(2).release();
    expect(idle()).toBe(6 + 2);
  });
  releaseIdleMemory();
  make(9).release();
  const small = make(4); // 9 + 4 would be more than 9 and an eighth
  expect(idle()).toBe(5);
  const rest = make(5); // which is what is left of it
  expect(idle()).toBe(0);
  small.release();
  rest.release();
  expect(idle()).toBe(9);
});

test("where no block is as large, one is made of the pages of several, and of new ones only as far as those are not enough", () => {
  scope(() => {
    for (let i = 0; i < 10; i++) make(4);
  });
  expect(idle()).toBe(40);
  const large = make(30); // of seven and a half
  expect(idle()).toBe(10);
  const larger = make(16); // 10 and 6 new ones
  expect(idle()).toBe(0);
  large.release();
  larger.release();
  expect(idle()).toBe(46);
  make(46).release();
  expect(idle()).toBe(46);
});

test("tensors that share moved pages with none keep their values, and no more is held than lived at once, and an eighth", () => {
  const random = new RandomSource("memory");
  const alive: { readonly tensor: Tensor; readonly value: number; readonly mib: number }[] = [];
  const live = (): number => alive.reduce((sum, { mib }) => sum + mib, 0);
  let most = 0;
  for (let turn = 0; turn < 400; turn++) {
    if (live() > 60 || (alive.length > 0 && random.chance(0.45))) {
      const place = random.integer(alive.length);
      const { tensor, value, mib } = alive[place] as (typeof alive)[number];
      most = Math.max(most, live() + 2 * mib); // a difference, and its size
      expect(scope(() => tensor.sub(value).abs().sum(undefined).item())).toBe(0);
      tensor.release();
      alive.splice(place, 1);
    } else {
      const [mib, value] = [1 + random.integer(24), 1 + random.integer(9)];
      alive.push({ tensor: keep(full([mib * 2 ** 8, 2 ** 10], value)), value, mib });
    }
    most = Math.max(most, live());
    expect(live() + idle()).toBeLessThanOrEqual(most * (1 + 1 / 8) + 24 / 8);
  }
  for (const { tensor } of alive) tensor.release();
  expect(most).toBeGreaterThan(60);
});

test("a tensor that there is no memory for does not raise how much is kept", () => {
  expect(() => zeros([2 ** 50], { dtype: "uint8" })).toThrow(/alloc/);
  make(9).release();
  make(2).release(); // 9 + 2 is more than 9 and an eighth
  expect(idle()).toBe(9);
});

test("small tensors are not kept", () => {
  tensorFrom(new Float32Array(1000), [1000]).release();
  expect(idle()).toBe(0);
});

test("what is kept goes back when it is asked for, and values of tensors alive stay", () => {
  scope(() => {
    const kept = tensorFrom(new Float32Array(MIB).fill(3), [MIB]);
    make(16).release();
    expect(idle()).toBe(16);
    releaseIdleMemory();
    expect(idle()).toBe(0);
    const other = zeros([MIB], { dtype: "float32" });
    expect(kept.sum(undefined).item()).toBe(3 * MIB);
    expect(other.sum(undefined).item()).toBe(0);
  });
});
