import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";

import { expect, test } from "vitest";

import { call } from "./call.js";
import { EngineError, type EngineProblem } from "./errors.js";
import { Tensor, zeros } from "./generated/tensor.js";
import { within } from "./limits.js";
import { loadAddon, native } from "./native.js";

const problems: { readonly [C in EngineProblem["code"]]: readonly [Extract<EngineProblem, { code: C }>, string] } = {
  ENGINE_NOT_BUILT: [
    { code: "ENGINE_NOT_BUILT", path: "/a/engine.node", because: "no such file" },
    "the engine's addon cannot be loaded from /a/engine.node: no such file. Build it with: npm run setup",
  ],
  ENGINE_OTHER_THREAD: [
    { code: "ENGINE_OTHER_THREAD" },
    "the engine belongs to the thread that used it first: call it from there, or run it in a process of its own",
  ],
  ENGINE_OP_UNKNOWN: [
    { code: "ENGINE_OP_UNKNOWN", op: "aten::nope", because: "not found" },
    "this libtorch has no operator aten::nope: not found",
  ],
  ENGINE_OP_FAILED: [
    { code: "ENGINE_OP_FAILED", op: "aten::cat", inputs: "2×3 float32, scalar bool", because: "no" },
    "aten::cat(2×3 float32, scalar bool): no",
  ],
  ENGINE_SCOPE_ASYNC: [
    { code: "ENGINE_SCOPE_ASYNC" },
    "a scope must be synchronous: its function returned a promise, whose tensors would be freed before it is done",
  ],
  ENGINE_ARGUMENT: [
    { code: "ENGINE_ARGUMENT", where: "dtype", expected: "bool", came: "boolean" },
    "dtype: expected bool, but boolean came",
  ],
  ENGINE_SHAPE: [
    { code: "ENGINE_SHAPE", where: "item", expected: "one element", came: "2 float32" },
    "item: expected one element, but 2 float32 came",
  ],
  ENGINE_STATE_MISMATCH: [
    { code: "ENGINE_STATE_MISMATCH", missing: ["a"], extra: [], misshaped: ["b is 1 here and 2 there"] },
    "these weights are not this network's: 1 missing (a); 1 of another shape (b is 1 here and 2 there)",
  ],
  ENGINE_SAFETENSORS: [
    { code: "ENGINE_SAFETENSORS", where: "w.safetensors", because: "it is empty" },
    "w.safetensors is not a safetensors file that can be read: it is empty",
  ],
};

test.each(Object.values(problems))("$code has its words", (problem, words) => {
  const error = new EngineError(problem);
  expect(error).toMatchObject({ name: "EngineError", code: problem.code, problem, message: words });
});

test("what libtorch refuses says the operator, the shapes and libtorch's reason, and keeps the cause", () => {
  const refused = expect.objectContaining({
    code: "ENGINE_OP_FAILED",
    message:
      "aten::add.Tensor(2×3 float32, 4 float32): The size of tensor a (3) must match the size of tensor b (4) at " +
      "non-singleton dimension 1",
    cause: expect.any(Error),
  });
  expect(() => zeros([2, 3]).add(zeros([4]))).toThrow(refused);
});

test("an operator that libtorch does not have is named", () => {
  for (const op of ["aten::no_such_operator", "aten::add.NoSuchOverload"])
    expect(() => call(Tensor, op, [])).toThrow(
      expect.objectContaining({
        code: "ENGINE_OP_UNKNOWN",
        message: expect.stringContaining(`this libtorch has no operator ${op}: Could not find schema for `),
      }),
    );
});

test("a number outside its limits says the limits and what came", () => {
  const within9 = (where: string, value: number | number[] | undefined): unknown => within(where, value, 1, 9);
  expect(() => within9("conv3d stride", [1, 0, 2])).toThrow(
    expect.objectContaining({
      code: "ENGINE_ARGUMENT",
      message: "conv3d stride: expected numbers from 1 to 9, but 1, 0, 2 came",
    }),
  );
  expect(() => within9("conv3d groups", NaN)).toThrow("conv3d groups: expected numbers from 1 to 9, but NaN came");
  expect(within9("conv3d groups", 9)).toBe(9);
  expect(within9("conv3d stride", undefined)).toBeUndefined();
});

test("an addon that is not there, or is none, says where and how to build it", () => {
  const folder = mkdtempSync(join(tmpdir(), "engine-"));
  try {
    const missing = join(folder, "engine.node");
    expect(() => loadAddon(missing)).toThrow(
      expect.objectContaining({
        code: "ENGINE_NOT_BUILT",
        message: `the engine's addon cannot be loaded from ${missing}: Cannot find module '${missing}'. Build it with: npm run setup`,
      }),
    );
    const broken = join(folder, "broken.node");
    writeFileSync(broken, "not a library");
    expect(() => loadAddon(broken)).toThrow(
      `the engine's addon cannot be loaded from ${broken}: ${broken}: file too short. Build it with: npm run setup`,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const ADDON = fileURLToPath(new URL("../native/build/engine.node", import.meta.url));

test("another thread of the process is refused", async () => {
  native(); // this thread is the first
  const said = await new Promise<unknown>((resolve, reject) => {
    const program = `
      const { parentPort, workerData } = require("node:worker_threads");
      try { require(workerData); parentPort.postMessage("loaded"); }
      catch (error) { parentPort.postMessage({ code: error.code, message: error.message }); }`;
    const worker = new Worker(program, { eval: true, workerData: ADDON });
    worker.once("message", resolve).once("error", reject);
  });
  expect(said).toEqual({ code: "ENGINE_OTHER_THREAD", message: "the engine belongs to another thread" });
});

test("what that thread's loader makes of it is the engine's error", () => {
  const folder = mkdtempSync(join(tmpdir(), "engine-"));
  try {
    const refusing = join(folder, "refusing.cjs"); // stands for the addon in another thread
    writeFileSync(refusing, 'throw Object.assign(new Error("no"), { code: "ENGINE_OTHER_THREAD" });');
    expect(() => loadAddon(refusing)).toThrow(expect.objectContaining({ code: "ENGINE_OTHER_THREAD" }));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("loaded twice by one thread, it works", () => {
  const folder = mkdtempSync(join(tmpdir(), "engine-"));
  try {
    const copy = join(folder, "copy.node");
    copyFileSync(ADDON, copy);
    expect(loadAddon(copy).about().version).toBe(native().about().version);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
