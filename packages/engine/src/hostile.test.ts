import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

import { RandomSource } from "@multirnet/base";
import { expect, test } from "vitest";

import { WANTED } from "../ops/table.js";
import { gradients } from "./autograd.js";
import { tensor } from "./create.js";
import { EngineError } from "./errors.js";
import {
  cat,
  conv3d,
  convTranspose3d,
  foreachSqrt,
  full,
  groupNorm,
  linear,
  Tensor,
  zeros,
} from "./generated/tensor.js";
import { Generator } from "./generator.js";
import { aboutEngine, setThreads, threads } from "./machine.js";
import { native } from "./native.js";
import { scope } from "./scope.js";
import { HostileCalls, readAll } from "./testing/hostile-calls.js";

// No input ends the process: where one of these did, the test run would say that its worker is gone.

const wrong = (value: unknown): never => value as never;
const x = (): Tensor => tensor([1, 2, 3, 4], [2, 2]);
const volume = (): Tensor => zeros([1, 4, 3, 3, 3]);

test.each<[says: string, run: () => unknown, words: string | RegExp]>([
  ["null for a tensor", () => x().add(wrong(null)), "argument other: expected a tensor, but null came"],
  ["undefined for a tensor", () => x().add(wrong(undefined)), "argument other: expected a tensor, but undefined came"],
  ["a text for a tensor", () => x().add(wrong("1")), "argument other: expected a tensor, but a text came"],
  [
    "a typed array for a tensor",
    () => x().add(wrong(Float32Array.of(1))),
    "argument other: expected a tensor, but an object came",
  ],
  ["a list for a tensor", () => x().add(wrong([1])), "argument other: expected a tensor, but a list came"],
  [
    "a number in a list of tensors",
    () => cat(wrong([x(), 1])),
    "argument tensors: expected a tensor, but a number came",
  ],
  ["a tensor for a list of tensors", () => cat(wrong(x())), "argument tensors: expected a list, but a tensor came"],
  [
    "a generator for a tensor",
    () => x().add(wrong(new Generator(new RandomSource(1)))),
    "argument other: expected a tensor, but a generator came",
  ],
  [
    "a tensor for a generator",
    () => x().bernoulliInPlace({ generator: wrong(x()) }),
    "argument generator: expected a generator, but a tensor came",
  ],
  ["a text for a number", () => x().pow(wrong("2")), "argument exponent: expected a number, but a text came"],
  ["a fraction for a whole number", () => x().softmax(0.5), "argument dim: expected a whole number, but 0.5 came"],
  ["NaN for a whole number", () => x().softmax(NaN), "argument dim: expected a whole number, but NaN came"],
  [
    "a number past 2⁵³",
    () => x().softmax(2 ** 60),
    "argument dim: expected a whole number, but 1152921504606847000 came",
  ],
  ["a bigint", () => x().softmax(wrong(1n)), "argument dim: expected a number, but a bigint came"],
  ["a symbol", () => x().softmax(wrong(Symbol("s"))), "argument dim: expected a number, but a symbol came"],
  ["a function", () => x().softmax(wrong(() => 1)), "argument dim: expected a number, but a function came"],
  [
    "a number for a truth value",
    () => x().sum([0], { keepdim: wrong(1) }),
    "argument keepdim: expected true or false, but a number came",
  ],
  [
    "a truth value for a list",
    () => x().reshape(wrong(true)),
    "argument shape: expected a list, but a truth value came",
  ],
  [
    "a list with a hole",
    () => x().reshape(new Array<number>(2)),
    "argument shape: expected a number, but undefined came",
  ],
  [
    "a number for a device",
    () => x().toDevice(wrong(1), "float32"),
    "argument device: expected a text, but a number came",
  ],
  ["a device that is none", () => x().toDevice("moon", "float32"), /argument device: .*moon/],
  ["an axis that is not there", () => x().softmax(2), "Dimension out of range"],
  ["a shape that does not fit", () => x().reshape([3]), "shape '[3]' is invalid for input of size 4"],
  ["negative sides", () => zeros([2, -3]), /negative dimension|non-negative/],
  ["more bytes than there are", () => zeros([2 ** 50]), /can't allocate memory|invalid|overflow/i],
  ["more elements than can be counted", () => full([2 ** 40, 2 ** 40], 1), /overflow|invalid|negative/i],
  [
    "an array larger than JavaScript's",
    () =>
      tensor([1], [1])
        .expand([2 ** 50])
        .toArray(),
    /toArray\(1125899906842624 float32\): /,
  ],
  ["an empty list", () => cat([]), /expected a non-empty list|must have at least one/i],
  ["an empty list for a foreach", () => foreachSqrt([]), /at least one tensor|non-empty list/],
  ["matrices that do not fit", () => linear(x(), zeros([2, 3])), /cannot be multiplied/],
  [
    "a stride of 0",
    () => conv3d(volume(), zeros([4, 4, 1, 1, 1]), { stride: 0 }),
    "conv3d stride: expected numbers from 1 to 65535, but 0 came",
  ],
  [
    "0 groups",
    () => conv3d(volume(), zeros([4, 4, 1, 1, 1]), { groups: 0 }),
    "conv3d groups: expected numbers from 1 to 65535, but 0 came",
  ],
  [
    "groups past 32 bits",
    () => convTranspose3d(volume(), zeros([4, 4, 1, 1, 1]), { groups: 2 ** 40 }),
    "convTranspose3d groups: expected numbers from 1 to 65535, but 1099511627776 came",
  ],
  [
    "0 groups of channels",
    () => groupNorm(volume(), 0),
    "groupNorm numGroups: expected numbers from 1 to 65535, but 0 came",
  ],
  [
    "an output side past 32 bits",
    () => volume().upsampleTrilinear3d([1, 2 ** 33, 1], false),
    "upsampleTrilinear3d outputSize: expected numbers from 1 to 65535, but 1, 8589934592, 1 came",
  ],
  ["a channel count that does not divide", () => conv3d(volume(), zeros([3, 2, 1, 1, 1]), { groups: 2 }), /divisible/],
  ["null for the inputs of a gradient", () => gradients(x(), wrong([null])), /Cannot read|expected a tensor/],
])("%s is an error", (_, run, words) => {
  let thrown: unknown;
  try {
    scope(run);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(EngineError);
  expect((thrown as EngineError).message).toMatch(words);
});

test("tensors without elements pass through", () => {
  expect(zeros([2, 0]).sum(undefined).item()).toBe(0);
  expect(zeros([0]).mean(undefined).item()).toBeNaN();
  expect(cat([zeros([0, 3]), zeros([2, 3])]).shape).toEqual([2, 3]);
  expect(conv3d(zeros([0, 4, 3, 3, 3]), zeros([2, 4, 1, 1, 1])).shape).toEqual([0, 2, 3, 3, 3]);
  expect(() => zeros([0]).argmax()).toThrow(/^aten::argmax\(0 float32\): /);
});

test("the number of threads is between 1 and 1024", () => {
  const before = threads();
  for (const count of [2, 1]) {
    setThreads(count);
    expect(threads()).toBe(count);
    if (aboutEngine().blasThreads > 0) expect(aboutEngine().blasThreads).toBe(count); // OpenBLAS counts for itself
  }
  setThreads(before);
  expect(() => {
    setThreads(0);
  }).toThrow("setThreads(0): expected 1 to 1024 threads, but 0 came");
  expect(() => {
    setThreads(2 ** 32 + 1);
  }).toThrow("setThreads(4294967297): expected 1 to 1024 threads, but 4294967297 came");
  expect(() => {
    setThreads(1.5);
  }).toThrow("setThreads(1.5): expected a whole number, but 1.5 came");
  expect(threads()).toBe(before);
});

test("a device without a generator is an error", () => {
  expect(() => new Generator(new RandomSource(1), "nonsense")).toThrow(EngineError);
  expect(() => new Generator(new RandomSource(1), wrong(null))).toThrow(
    "generator(null): expected a text, but null came",
  );
});

test("the addon itself refuses whatever is not its own", () => {
  const addon = native();
  const add = addon.lookup("aten::add", "Tensor");
  const held = x().native;
  const generator = new Generator(new RandomSource(1)).native;
  const calls: Record<string, () => unknown> = {
    "expected a tensor, but a generator came": () => addon.describe(wrong(generator)),
    "expected a tensor, but an object came": () => addon.toBytes(wrong({})),
    "expected a tensor, but undefined came": () => (addon.toBytes as () => unknown)(),
    "expected a tensor or a generator, but a number came": () => addon.release(wrong(1)),
    "expected a list, but undefined came": () => (addon.call as (op: number) => unknown)(add),
    "argument other: expected a tensor, but undefined came": () => addon.call(add, [held]),
    "it takes 3 arguments, but 4 came": () => addon.call(add, [held, held, 1, 1]),
    "-1 is no operator": () => addon.call(-1, []),
    "1000000 is no operator": () => addon.call(1e6, []),
    "expected a number, but a text came": () => addon.call(wrong("0"), []),
    "expected a text, but undefined came": () => (addon.lookup as () => unknown)(),
    "100 is no element type": () => addon.fromBytes(100, [1], new Uint8Array(1)),
    "-1 is no element type": () => addon.fromBytes(-1, [1], new Uint8Array(1)),
    "expected a Uint8Array, but an object came": () => addon.fromBytes(6, [1], wrong(new Float64Array(1))),
    "expected a Uint8Array, but null came": () => addon.fromBytes(6, [1], wrong(null)),
    "this shape takes 8 bytes, but 4 came": () => addon.fromBytes(6, [2], new Uint8Array(4)),
    "expected a list, but a number came": () => addon.fromBytes(6, wrong(2), new Uint8Array(8)),
    "expected a list, but a tensor came": () => addon.gradients(wrong(held), [], false),
    "expected true or false, but undefined came": () =>
      (addon.gradients as (a: unknown[], b: unknown[]) => unknown)([], []),
    "expected true or false, but null came": () => addon.gradMode(wrong(null)),
    "expected the device cpu or cuda, but meta came": () => addon.autocast("meta", true),
    "expected true or false, but a text came": () => addon.autocast("cpu", wrong("on")),
  };
  for (const [words, run] of Object.entries(calls)) expect(run, words).toThrow(new Error(words));
});

test("a detached array is too short, not a wild pointer", () => {
  const bytes = new Uint8Array(4);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  expect(() => native().fromBytes(6, [1], bytes)).toThrow("this shape takes 4 bytes, but 0 came");
});

test.each(WANTED.map(({ name }) => name))("%s stands whatever is passed to it", (name) => {
  const calls = new HostileCalls(WANTED, new RandomSource("hostile", name));
  const before = aboutEngine();
  let done = 0;
  for (let i = 0; i < 300; i++) {
    scope(() => {
      try {
        const result = calls.call(name);
        readAll(result);
        done++;
        const [output] = [result].flat();
        if (output instanceof Tensor && output.requiresGrad && output.elements < 1e6)
          readAll(gradients(output.mul(1), []));
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
      }
    });
  }
  expect(done).toBeGreaterThan(0); // some calls were right: it is not the wrapping alone that was tried
  expect(aboutEngine().liveTensors).toBe(before.liveTensors);
});

// Whatever is still alive at the end: tensors in and out of scopes, a graph, a generator.
const AT_THE_END = `
  const addon = require(process.argv[1]);
  const held = addon.fromBytes(6, [2], new Uint8Array(8));
  addon.requiresGrad(held, true);
  const graph = addon.call(addon.lookup("aten::neg", ""), [held]);
  const generator = addon.generator(1, "cpu");
  if (process.argv[2] === "exit") process.exit(7);
  if (process.argv[2] === "throw") throw new Error("at the end");
  if (process.argv[2] === "abandon") setTimeout(() => process.exit(7), 10);
`;

test.each([
  ["return", 0],
  ["exit", 7],
  ["throw", 1],
  ["abandon", 7],
])("a process that ends by %s with tensors alive ends cleanly", (way, status) => {
  const addon = fileURLToPath(new URL("../native/build/engine.node", import.meta.url));
  const ended = spawnSync(process.execPath, ["-e", AT_THE_END, addon, way], { encoding: "utf8" });
  expect({ signal: ended.signal, status: ended.status }).toEqual({ signal: null, status });
});
