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

/** As many as PyTorch and NumPy have for a tensor. */
export const MOST_AXES = 64;

/** @returns how many elements a shape holds; undefined where it is none: over 64 sides, one that is not whole, or a product that is no exact number */
export function elementsIn(shape: readonly number[]): number | undefined {
  if (shape.length > MOST_AXES || !shape.every(isPlace)) return undefined;
  const filled = shape.reduce((product, side) => product * Math.max(side, 1), 1); // an empty tensor's other sides count too
  if (!Number.isSafeInteger(filled)) return undefined;
  return shape.includes(0) ? 0 : filled;
}

/** @returns whether a value is a whole number from 0 that a double holds exactly */
export function isPlace(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/**
 * Elements of a storage that lie apart by the given strides, made row-major.
 *
 * @param shape as `elementsIn` takes it
 * @param offset and `strides` in elements, whole and not negative, a stride for each side
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
  if (count === 0) return { dtype, shape, bytes: new Uint8Array() };
  // The stride of a side of 1 is never taken, and may be anything.
  const axes = shape.map((side, axis) => ({ side, stride: strides[axis] ?? 0 })).filter(({ side }) => side > 1);
  const last = axes.reduce((sum, { side, stride }) => sum + (side - 1) * stride, offset);
  if ((last + 1) * size > storage.length) return undefined;
  if (isRowMajor(axes)) return { dtype, shape, bytes: storage.slice(offset * size, (offset + count) * size) };
  const bytes = new Uint8Array(count * size);
  const place = axes.map(() => 0);
  let from = offset * size;
  for (let to = 0; to < bytes.length; to += size) {
    for (let byte = 0; byte < size; byte++) bytes[to + byte] = storage[from + byte] ?? 0;
    for (let axis = axes.length - 1; axis >= 0; axis--) {
      const { side, stride } = axes[axis] as Axis;
      const next = (place[axis] ?? 0) + 1;
      place[axis] = next < side ? next : 0;
      from += (next < side ? stride : (1 - side) * stride) * size;
      if (next < side) break;
    }
  }
  return { dtype, shape, bytes };
}

interface Axis {
  readonly side: number;
  readonly stride: number;
}

function isRowMajor(axes: readonly Axis[]): boolean {
  let expected = 1;
  for (const { side, stride } of axes.toReversed()) {
    if (stride !== expected) return false;
    expected *= side;
  }
  return true;
}
