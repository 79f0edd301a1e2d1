import { tensor } from "../../create.js";
import {
  cat,
  foreachAddcdivInPlace,
  foreachAddcmulInPlace,
  foreachAddInPlace,
  foreachAddScalarInPlace,
  foreachDivScalarInPlace,
  foreachMulScalarInPlace,
  foreachSqrt,
  type Tensor,
} from "../../generated/tensor.js";
import type { ValueCases } from "./value-case.js";

/** Two tensors of unlike shapes, 1 2 and 3 4 5; the change is made to both, and the result read as one row. */
function changed(change: (both: readonly Tensor[]) => void): Tensor {
  const both = [tensor([1, 2], [2]), tensor([3, 4, 5], [3, 1])];
  change(both);
  return row(both);
}

const row = (list: readonly Tensor[]): Tensor => cat(list.map((item) => item.reshape([-1])));
const pair = (...numbers: number[]): Tensor[] => [tensor(numbers.slice(0, 2), [2]), tensor(numbers.slice(2), [3, 1])];
const shape = [5];

export const LISTS: ValueCases = {
  foreachAddInPlace: [
    {
      says: "with a factor",
      run: () => changed((both) => foreachAddInPlace(both, pair(10, 20, 30, 40, 50), { alpha: 0.1 })),
      shape,
      values: [2, 4, 6, 8, 10],
    },
    {
      says: "without one",
      run: () => changed((both) => foreachAddInPlace(both, pair(10, 20, 30, 40, 50))),
      shape,
      values: [11, 22, 33, 44, 55],
    },
  ],
  foreachAddScalarInPlace: [
    {
      says: "a number",
      run: () => changed((both) => foreachAddScalarInPlace(both, 0.5)),
      shape,
      values: [1.5, 2.5, 3.5, 4.5, 5.5],
    },
  ],
  foreachMulScalarInPlace: [
    {
      says: "a number",
      run: () => changed((both) => foreachMulScalarInPlace(both, -2)),
      shape,
      values: [-2, -4, -6, -8, -10],
    },
  ],
  foreachDivScalarInPlace: [
    {
      says: "a number",
      run: () => changed((both) => foreachDivScalarInPlace(both, 4)),
      shape,
      values: [0.25, 0.5, 0.75, 1, 1.25],
    },
  ],
  foreachSqrt: [
    {
      says: "squares; the list itself stays",
      run: () => row(foreachSqrt(pair(1, 4, 9, 16, 2.25))),
      shape,
      values: [1, 2, 3, 4, 1.5],
    },
  ],
  // self + value · tensor1 · tensor2
  foreachAddcmulInPlace: [
    {
      says: "1 + 0.5·2·3, …",
      run: () =>
        changed((both) => foreachAddcmulInPlace(both, pair(2, 3, 4, 5, 6), pair(3, 1, 2, 0, -1), { value: 0.5 })),
      shape,
      values: [4, 3.5, 7, 4, 2],
    },
  ],
  // self + value · tensor1 / tensor2
  foreachAddcdivInPlace: [
    {
      says: "1 − 2·6/3, …",
      run: () =>
        changed((both) => foreachAddcdivInPlace(both, pair(6, 3, 4, 5, 6), pair(3, 1, 2, 10, -4), { value: -2 })),
      shape,
      values: [-3, -4, -1, 3, 8],
    },
  ],
};
