import { expect, test } from "vitest";

import { tensor, tensorFrom } from "./create.js";
import { bytesPerElement, dtypeOf, type DType } from "./dtype.js";
import { zeros } from "./generated/tensor.js";
import { describeTensor, type TensorArray } from "./tensor-core.js";

const arrays: readonly (readonly [DType, TensorArray])[] = [
  ["uint8", Uint8Array.of(0, 7, 255, 1, 2, 3)],
  ["int8", Int8Array.of(0, -128, 127, 1, 2, 3)],
  ["int16", Int16Array.of(0, -32768, 32767, 1, 2, 3)],
  ["int32", Int32Array.of(0, -(2 ** 31), 2 ** 31 - 1, 1, 2, 3)],
  ["int64", BigInt64Array.of(0n, -(2n ** 63n), 2n ** 63n - 1n, 1n, 2n, 3n)],
  ["float16", Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0, 1, 0x7c00)], // 1, -2, 65504, 0, the least, infinity
  ["float32", Float32Array.of(0.1, -1e38, NaN, Infinity, 0, 3)],
  ["float64", Float64Array.of(0.1, -1e308, NaN, -Infinity, 0, 3)],
  ["bool", Uint8Array.of(0, 1, 1, 0, 1, 0)],
  ["bfloat16", Uint16Array.of(0x3f80, 0xc000, 0, 1, 2, 3)],
];

test.each(arrays)("%s goes in and comes out bit for bit", (dtype, array) => {
  const made = tensorFrom(array, [2, 3], dtype);
  expect([made.dtype, made.shape, made.device, made.elements]).toEqual([dtype, [2, 3], "cpu", 6]);
  expect(made.bytes).toBe(6 * bytesPerElement(dtype));
  expect(made.bytes).toBe(array.byteLength);
  expect(made.toArray()).toEqual(array);
  expect(describeTensor(made)).toBe(`2×3 ${dtype}`);
});

test("16 bits are the float16 and the bfloat16 that they should be", () => {
  expect(
    tensorFrom(Uint16Array.of(0x3c00, 0xc000, 0x7bff), [3])
      .toDtype("float32")
      .toNumbers(),
  ).toEqual([1, -2, 65504]);
  const truncated = tensorFrom(Uint16Array.of(0x3f80, 0xc000), [2], "bfloat16");
  expect(truncated.toDtype("float32").toNumbers()).toEqual([1, -2]);
});

test("a part of a larger buffer is copied from its place, and the copy is its own", () => {
  const whole = Float32Array.of(1, 2, 3, 4, 5);
  const made = tensorFrom(whole.subarray(1, 4), [3]);
  whole.fill(0);
  expect(made.toNumbers()).toEqual([2, 3, 4]);
});

test("a permuted tensor is read in its own order", () => {
  expect(tensor([1, 2, 3, 4, 5, 6], [2, 3]).permute([1, 0]).toNumbers()).toEqual([1, 4, 2, 5, 3, 6]);
});

test("any byte but 0 is true", () => {
  expect(tensorFrom(Uint8Array.of(0, 1, 255), [3], "bool").toNumbers()).toEqual([0, 1, 1]);
});

test("scalars and tensors without elements", () => {
  const scalar = tensor([7], []);
  expect([scalar.shape, scalar.elements, scalar.item(), describeTensor(scalar)]).toEqual([[], 1, 7, "scalar float32"]);
  const empty = tensor([], [2, 0]);
  expect([empty.shape, empty.elements, empty.bytes, empty.toNumbers()]).toEqual([[2, 0], 0, 0, []]);
});

test("whole numbers of 64 bits are made from numbers", () => {
  expect(tensor([1, -2], [2], "int64").toArray()).toEqual(BigInt64Array.of(1n, -2n));
});

const wrong = (value: unknown): never => value as never;
test.each([
  {
    run: () => tensor([1, 2, 3], [2, 2]),
    code: "ENGINE_SHAPE",
    words: "tensorFrom: expected 4 elements for 2×2, but 3 came",
  },
  {
    run: () => tensor([1, 2], []),
    code: "ENGINE_SHAPE",
    words: "tensorFrom: expected 1 elements for scalar, but 2 came",
  },
  {
    run: () => tensor([1.5], [1], "int64"),
    code: "ENGINE_ARGUMENT",
    words: "tensor: expected whole numbers for int64, but 1.5 came",
  },
  {
    run: () => tensorFrom(Float32Array.of(1), [1], "int32"),
    code: "ENGINE_ARGUMENT",
    words: "tensorFrom: expected Int32Array for int32, but Float32Array came",
  },
  {
    run: () => tensorFrom(wrong(Uint32Array.of(1)), [1]),
    code: "ENGINE_ARGUMENT",
    words: "tensorFrom: expected a typed array that a tensor is made of, but Uint32Array came",
  },
  {
    run: () => tensorFrom(wrong(null), [1]),
    code: "ENGINE_ARGUMENT",
    words: "tensorFrom: expected a typed array that a tensor is made of, but null came",
  },
  {
    run: () => zeros([1], { dtype: wrong("float8") }),
    code: "ENGINE_ARGUMENT",
    words:
      "dtype: expected one of uint8, int8, int16, int32, int64, float16, float32, float64, bool, bfloat16, but float8 came",
  },
  {
    run: () => zeros([1], { dtype: wrong("toString") }),
    code: "ENGINE_ARGUMENT",
    words:
      "dtype: expected one of uint8, int8, int16, int32, int64, float16, float32, float64, bool, bfloat16, but toString came",
  },
  {
    run: () => dtypeOf(9),
    code: "ENGINE_ARGUMENT",
    words: "dtype: expected a type that is known here, but libtorch's element type 9 came",
  },
  {
    run: () => tensor([1, 2], [2]).item(),
    code: "ENGINE_SHAPE",
    words: "item: expected one element, but 2 float32 came",
  },
  {
    run: () => tensorFrom(Uint16Array.of(1), [1]).toNumbers(),
    code: "ENGINE_SHAPE",
    words: "toNumbers: expected a type of 32 or 64 bits, but float16 came",
  },
  {
    run: () => tensorFrom(Uint8Array.of(1), [-1, -1]),
    code: "ENGINE_OP_FAILED",
    words: /^tensorFrom\(-1×-1\): Trying to create tensor with negative dimension -1: \[-1, -1\]$/,
  },
])("$code: $words", ({ run, code, words }) => {
  expect(run).toThrow(
    expect.objectContaining({
      name: "EngineError",
      code,
      message: typeof words === "string" ? words : expect.stringMatching(words),
    }),
  );
});
