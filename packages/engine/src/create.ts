import { dtypeCode, type DType } from "./dtype.js";
import { EngineError, opFailed } from "./errors.js";
import { Tensor } from "./generated/tensor.js";
import { native } from "./native.js";
import { track } from "./scope.js";
import { ARRAYS, describeShape, type TensorArray } from "./tensor-core.js";

/**
 * A tensor on the CPU with a copy of the given elements.
 *
 * @param array elements in row-major order; its type gives the tensor's, where `dtype` does not (bool, bfloat16)
 * @throws EngineError ENGINE_SHAPE when the shape does not hold as many elements as came; ENGINE_ARGUMENT when the array is not
 * the one that `dtype` is stored in
 */
export function tensorFrom(array: TensorArray, shape: readonly number[], dtype: DType = dtypeOfArray(array)): Tensor {
  const code = dtypeCode(dtype);
  if (!(array instanceof ARRAYS[dtype]))
    throw wrongArgument("tensorFrom", `${ARRAYS[dtype].name} for ${dtype}`, nameOf(array));
  const elements = shape.reduce((product, side) => product * side, 1);
  if (elements !== array.length) {
    throw new EngineError({
      code: "ENGINE_SHAPE",
      where: "tensorFrom",
      expected: `${String(elements)} elements for ${describeShape(shape)}`,
      came: String(array.length),
    });
  }
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return tensorFromBytes(code, shape, bytes);
}

/** A tensor on the CPU with a copy of the given bytes. @throws EngineError ENGINE_OP_FAILED */
export function tensorFromBytes(code: number, shape: readonly number[], bytes: Uint8Array): Tensor {
  try {
    return track(new Tensor(native().fromBytes(code, shape, bytes)));
  } catch (error) {
    throw opFailed("tensorFrom", describeShape(shape), error);
  }
}

/**
 * A tensor on the CPU with a copy of bytes as they lie in a file: row-major, least byte first.
 *
 * @throws EngineError ENGINE_ARGUMENT for a type that is none, ENGINE_OP_FAILED where there are not as many bytes as the shape holds
 */
export function tensorOfBytes(dtype: DType, shape: readonly number[], bytes: Uint8Array): Tensor {
  return tensorFromBytes(dtypeCode(dtype), shape, bytes);
}

/**
 * A float32 tensor from numbers, as tests and small constants need it; float64 or int64 where said.
 *
 * @throws EngineError ENGINE_SHAPE as tensorFrom; ENGINE_ARGUMENT for a fraction in int64
 */
export function tensor(
  numbers: readonly number[],
  shape: readonly number[],
  dtype: "float32" | "float64" | "int64" = "float32",
): Tensor {
  if (dtype === "int64") {
    const odd = numbers.find((number) => !Number.isSafeInteger(number));
    if (odd !== undefined) throw wrongArgument("tensor", "whole numbers for int64", String(odd));
    return tensorFrom(BigInt64Array.from(numbers, BigInt), shape);
  }
  return tensorFrom(dtype === "float64" ? Float64Array.from(numbers) : Float32Array.from(numbers), shape);
}

function dtypeOfArray(array: TensorArray): DType {
  for (const dtype of FROM_ARRAYS) if (array instanceof ARRAYS[dtype]) return dtype;
  throw wrongArgument("tensorFrom", "a typed array that a tensor is made of", nameOf(array));
}

/** The type that stands for each kind of array; 16 bits are taken for float16. */
const FROM_ARRAYS = ["uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"] as const;

function wrongArgument(where: string, expected: string, came: string): EngineError {
  return new EngineError({ code: "ENGINE_ARGUMENT", where, expected, came });
}

function nameOf(value: unknown): string {
  return typeof value === "object" && value !== null ? value.constructor.name : String(value);
}
