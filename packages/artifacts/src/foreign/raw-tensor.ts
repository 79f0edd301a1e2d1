/** The element types that weights of other programs come in, by the names that the engine has for them. */
export type RawType =
  "uint8" | "int8" | "int16" | "int32" | "int64" | "float16" | "float32" | "float64" | "bool" | "bfloat16";

export const BYTES: Readonly<Record<RawType, number>> = {
  uint8: 1,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  float16: 2,
  float32: 4,
  float64: 8,
  bool: 1,
  bfloat16: 2,
};

/** A tensor as it lies in a file: row-major, least byte first. */
export interface RawTensor {
  readonly dtype: RawType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/**
 * Elements of a storage that lie apart by the given strides, made row-major.
 *
 * @param offset and `strides` in elements
 * @returns undefined where the storage does not hold them all
 */
export function gathered(
  storage: Uint8Array,
  {
    dtype,
    shape,
    strides,
    offset,
  }: Omit<RawTensor, "bytes"> & {
    readonly strides: readonly number[];
    readonly offset: number;
  },
): RawTensor | undefined {
  const size = BYTES[dtype];
  const count = shape.reduce((product, side) => product * side, 1);
  if (strides.length !== shape.length || !isPlace(offset) || ![...shape, ...strides].every(isPlace)) return undefined;
  const last = shape.reduce((sum, side, axis) => sum + (side - 1) * (strides[axis] ?? 0), offset);
  if (count > 0 && (last + 1) * size > storage.length) return undefined;
  if (isRowMajor(shape, strides)) return { dtype, shape, bytes: storage.slice(offset * size, (offset + count) * size) };
  const bytes = new Uint8Array(count * size);
  const place = shape.map(() => 0);
  for (let i = 0; i < count; i++) {
    const from = place.reduce((sum, index, axis) => sum + index * (strides[axis] ?? 0), offset) * size;
    bytes.set(storage.subarray(from, from + size), i * size);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      place[axis] = (place[axis] ?? 0) + 1;
      if ((place[axis] ?? 0) < (shape[axis] ?? 0)) break;
      place[axis] = 0;
    }
  }
  return { dtype, shape, bytes };
}

function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const side = shape[axis] ?? 0;
    if (side !== 1 && strides[axis] !== expected) return false;
    expected *= side;
  }
  return true;
}

function isPlace(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
