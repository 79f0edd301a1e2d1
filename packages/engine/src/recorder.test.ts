import { expect, test } from "vitest";

import { tensor } from "./create.js";
import { batchNorm, cat, conv3d, convTranspose3d, full, linear, zeros, type Tensor } from "./generated/tensor.js";
import { flopOf } from "./profile.js";
import { labelled, record, type CallRecord } from "./recorder.js";

test("a recording lists the calls in order, with what went in and came out", () => {
  const a = tensor([1, 2, 3], [3, 1]);
  const { result, calls } = record(() => a.add(tensor([1, 2], [2], "float64")).sum([1], { keepdim: true }));
  expect(result.toNumbers()).toEqual([5, 7, 9]);
  expect(calls).toHaveLength(2);
  const [add, sum] = calls;
  expect(add).toEqual({
    op: "aten::add.Tensor",
    module: "",
    args: [
      { id: a.id, shape: [3, 1], dtype: "float32" },
      { id: expect.any(Number), shape: [2], dtype: "float64" },
    ],
    inputs: [
      { id: a.id, shape: [3, 1], dtype: "float32" },
      { id: expect.any(Number), shape: [2], dtype: "float64" },
    ],
    outputs: [{ id: expect.any(Number), shape: [3, 2], dtype: "float64" }],
    milliseconds: expect.any(Number),
  });
  expect(sum?.args).toEqual([expect.objectContaining({ shape: [3, 2] }), [1], true]);
  expect(sum?.inputs[0]?.id).toBe(add?.outputs[0]?.id); // what one made the next took
  expect(sum?.outputs[0]?.id).toBe(result.id);
  expect(add?.milliseconds).toBeGreaterThanOrEqual(0);
});

test("tensors in lists are recorded, a generator as a word, nothing before and after", () => {
  const before = tensor([1], [1]).neg();
  const { calls } = record(() => cat([before, tensor([2, 3], [2])], { dim: 0 }));
  tensor([1], [1]).neg();
  expect(calls.map(({ op, inputs }) => [op, inputs.map(({ shape }) => shape)])).toEqual([["aten::cat", [[1], [2]]]]);
  expect(calls[0]?.args).toEqual([
    [expect.objectContaining({ shape: [1] }), expect.objectContaining({ shape: [2] })],
    0,
  ]);
});

test("a recording inside another is part of both", () => {
  const one = tensor([1], [1]);
  const outer = record(() => {
    one.neg();
    const inner = record(() => one.exp());
    one.abs();
    return inner.calls;
  });
  const ops = (calls: readonly CallRecord[]): string[] => calls.map(({ op }) => op);
  expect(ops(outer.result)).toEqual(["aten::exp"]);
  expect(ops(outer.calls)).toEqual(["aten::neg", "aten::exp", "aten::abs"]);
});

test("labels nest, and end with their body, when it throws too", () => {
  const one = tensor([1], [1]);
  const { calls } = record(() => {
    labelled("encoder", () => {
      one.neg();
      labelled("0", () => one.exp());
      expect(() => labelled("1", () => one.reshape([2]))).toThrow("aten::reshape");
      one.abs();
    });
    one.log();
  });
  expect(calls.map(({ op, module }) => [op, module])).toEqual([
    ["aten::neg", "encoder"],
    ["aten::exp", "encoder.0"],
    ["aten::abs", "encoder"], // the call that failed is not recorded
    ["aten::log", ""],
  ]);
});

test("a recording that throws ends", () => {
  const one = tensor([1], [1]);
  expect(() =>
    record(() => {
      throw new Error("inside");
    }),
  ).toThrow("inside");
  expect(record(() => one.neg()).calls).toHaveLength(1);
});

const flop = (run: () => unknown): number => record(run).calls.reduce((sum, call) => sum + flopOf(call), 0);

test.each<{ says: string; run: () => Tensor; expected: number }>([
  {
    // Each of 1·6·3·4·5 outputs takes (4/2)·2·1·3 = 12 products and as many sums.
    says: "a convolution in two groups",
    run: () => conv3d(zeros([1, 4, 4, 4, 7]), zeros([6, 2, 2, 1, 3]), { groups: 2 }),
    expected: 2 * 360 * 12,
  },
  {
    // Each of 2·3·2·3·4 inputs adds a kernel of 5·2·2·2 = 40 to the output.
    says: "a transposed convolution",
    run: () => convTranspose3d(zeros([2, 3, 2, 3, 4]), zeros([3, 5, 2, 2, 2]), { stride: 2 }),
    expected: 2 * 144 * 40,
  },
  {
    says: "a matrix product",
    run: () => linear(zeros([2, 3]), zeros([5, 3]), { bias: zeros([5]) }),
    expected: 2 * 2 * 5 * 3,
  },
  { says: "a sum with broadcasting: one an output", run: () => zeros([3, 1]).add(zeros([4])), expected: 12 },
  { says: "a reduction: one an input", run: () => zeros([3, 4]).sum(undefined), expected: 12 },
  {
    says: "batch normalisation: one an element",
    run: () => batchNorm(zeros([2, 3, 4]), undefined, undefined, undefined, undefined, true, 0.1, 1e-5),
    expected: 24,
  },
  { says: "making: nothing", run: () => full([9], 1), expected: 0 },
  {
    says: "views: nothing",
    run: () => zeros([2, 6]).reshape([3, 4]).permute([1, 0]).narrow(0, 0, 2).detach(),
    expected: 0,
  },
])("FLOP of $says", ({ run, expected }) => {
  expect(flop(run)).toBe(expected);
});
