import { dtypeCode, type DType } from "./dtype.js";
import { EngineError } from "./errors.js";
import { Tensor } from "./generated/tensor.js";
import { native } from "./native.js";
import { track } from "./scope.js";
import type { TensorArray } from "./tensor-core.js";

/**
 * A tensor on the CPU with a copy of the given elements.
 *
 * @param array elements in row-major order; its type gives the tensor's, where `dtype` does not (float16, bool)
 * @throws EngineError ENGINE_SHAPE when the shape does not hold as many elements as came
 */
export function tensorFrom(array: TensorArray, shape: readonly number[], dtype: DType = dtypeOfArray(array)): Tensor {
  const elements = shape.reduce((product, side) => product * side, 1);
  if (elements !== array.length) {
    throw new EngineError({
      code: "ENGINE_SHAPE",
      where: "tensorFrom",
      expected: `${String(elements)} elements for ${shape.join("×")}`,
      came: String(array.length),
    });
  }
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return track(new Tensor(native().fromBytes(dtypeCode(dtype), shape, bytes)));
}

/** A float32 tensor from numbers, as tests and small constants need it; float64 where said. */
export function tensor(
  numbers: readonly number[],
  shape: readonly number[],
  dtype: "float32" | "float64" | "int64" = "float32",
): Tensor {
  if (dtype === "int64") return tensorFrom(BigInt64Array.from(numbers, BigInt), shape);
  return tensorFrom(dtype === "float64" ? Float64Array.from(numbers) : Float32Array.from(numbers), shape);
}

function dtypeOfArray(array: TensorArray): DType {
  if (array instanceof Uint8Array) return "uint8";
  if (array instanceof Int8Array) return "int8";
  if (array instanceof Int16Array) return "int16";
  if (array instanceof Int32Array) return "int32";
  if (array instanceof BigInt64Array) return "int64";
  if (array instanceof Float32Array) return "float32";
  if (array instanceof Float64Array) return "float64";
  return "float16";
}
