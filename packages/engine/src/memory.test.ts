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

test("a block serves a tensor that is a little smaller, not one that is much smaller or larger", () => {
  make(9).release();
  const near = make(8); // 8 + 8/8
  expect(idle()).toBe(0);
  near.release();
  expect(idle()).toBe(9);
  scope(() => {
    make(7); // which must not take the block of 9; and 9 beside 7 would be more than 9 and an eighth
    expect(idle()).toBe(0);
  });
  expect(idle()).toBe(7);
});

test("what is kept and what lives is never more than an eighth above what lived at once", () => {
  scope(() => {
    for (let i = 0; i < 10; i++) make(4);
  });
  expect(idle()).toBe(40);
  const large = make(30); // no block fits; 40 + 5 − 30 = 15 may stay, which are three blocks of 4
  expect(idle()).toBe(12);
  large.release();
  expect(idle()).toBe(42);
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
