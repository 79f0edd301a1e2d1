import { beforeEach, expect, test } from "vitest";

import { zeros } from "./generated/tensor.js";
import { aboutEngine, releaseIdleMemory } from "./machine.js";
import { scope } from "./scope.js";
import { tensorFrom } from "./create.js";

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

test("a block serves a much smaller tensor only where a new one beside it would be too much, and up to four times its size", () => {
  scope(() => {
    make(40); // so that there is room: 8 beside
    make(6).release();
    make(2).release();
    expect(idle()).toBe(6 + 2);
  });
  releaseIdleMemory();
  make(9).release();
  make(4).release(); // 9 + 4 would be more than 9 and a fifth
  expect(idle()).toBe(9);
  make(2).release(); // which a block of 9 is too large for: it goes
  expect(idle()).toBe(2);
});

test("what is kept and what lives is never more than a fifth above what lived at once", () => {
  scope(() => {
    for (let i = 0; i < 10; i++) make(4);
  });
  expect(idle()).toBe(40);
  const large = make(30); // no block fits; 40 + 8 − 30 = 18 may stay, which are four blocks of 4
  expect(idle()).toBe(16);
  large.release();
  expect(idle()).toBe(46);
});

test("a tensor that there is no memory for does not raise how much is kept", () => {
  expect(() => zeros([2 ** 50], { dtype: "uint8" })).toThrow(/alloc/);
  make(9).release();
  make(2).release(); // 9 + 2 is more than 9 and a fifth
  expect(idle()).toBe(2);
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
