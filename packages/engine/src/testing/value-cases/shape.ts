import { RandomSource } from "@multirnet/base";

import { tensor } from "../../create.js";
import { cat, full, stack, zeros, type Tensor } from "../../generated/tensor.js";
import { Generator } from "../../generator.js";
import type { ValueCases } from "./value-case.js";

/** 1 to 6 as 2×3. */
const six = (): Tensor => tensor([1, 2, 3, 4, 5, 6], [2, 3]);

export const SHAPE: ValueCases = {
  reshape: [
    { says: "−1 for what is left", run: () => six().reshape([3, -1]), shape: [3, 2], values: [1, 2, 3, 4, 5, 6] },
    { says: "to a scalar", run: () => tensor([7], [1]).reshape([]), shape: [], values: [7] },
  ],
  // Element (a, b, c) of 1×2×3 goes to (c, a, b).
  permute: [
    {
      says: "last axis first",
      run: () => six().reshape([1, 2, 3]).permute([2, 0, 1]),
      shape: [3, 1, 2],
      values: [1, 4, 2, 5, 3, 6],
    },
  ],
  expand: [
    { says: "a column", run: () => tensor([1, 2], [2, 1]).expand([-1, 3]), shape: [2, 3], values: [1, 1, 1, 2, 2, 2] },
    { says: "a new axis", run: () => tensor([1, 2], [2]).expand([3, 2]), shape: [3, 2], values: [1, 2, 1, 2, 1, 2] },
  ],
  repeat: [
    {
      says: "twice down, three times across",
      run: () => tensor([1, 2], [1, 2]).repeat([2, 3]),
      shape: [2, 6],
      values: [1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2],
    },
  ],
  narrow: [{ says: "the last two columns", run: () => six().narrow(1, 1, 2), shape: [2, 2], values: [2, 3, 5, 6] }],
  indexSelect: [
    {
      says: "columns, one of them twice",
      run: () => six().indexSelect(1, tensor([2, 0, 2], [3], "int64")),
      shape: [2, 3],
      values: [3, 1, 3, 6, 4, 6],
    },
  ],
  flip: [
    { says: "columns", run: () => six().flip([1]), shape: [2, 3], values: [3, 2, 1, 6, 5, 4] },
    { says: "both", run: () => six().flip([0, 1]), shape: [2, 3], values: [6, 5, 4, 3, 2, 1] },
  ],
  cat: [
    {
      says: "unequal widths",
      run: () => cat([six(), tensor([7, 8], [2, 1])], { dim: 1 }),
      shape: [2, 4],
      values: [1, 2, 3, 7, 4, 5, 6, 8],
    },
    {
      says: "rows by default",
      run: () => cat([six(), tensor([7, 8, 9], [1, 3])]),
      shape: [3, 3],
      values: [1, 2, 3, 4, 5, 6, 7, 8, 9],
    },
  ],
  stack: [
    {
      says: "a new axis in the middle",
      run: () => stack([six(), six().neg()], { dim: 1 }),
      shape: [2, 2, 3],
      values: [1, 2, 3, -1, -2, -3, 4, 5, 6, -4, -5, -6],
    },
    {
      says: "in front by default",
      run: () => stack([tensor([1], [1]), tensor([2], [1])]),
      shape: [2, 1],
      values: [1, 2],
    },
  ],
  detach: [
    {
      says: "shares its elements",
      run: () => {
        const original = six();
        const detached = original.detach();
        original.copyInPlace(tensor([0], [1]));
        return detached;
      },
      shape: [2, 3],
      values: [0, 0, 0, 0, 0, 0],
    },
  ],
  clone: [
    {
      says: "has elements of its own",
      run: () => {
        const original = six();
        const copy = original.clone();
        original.copyInPlace(tensor([0], [1]));
        return copy;
      },
      shape: [2, 3],
      values: [1, 2, 3, 4, 5, 6],
    },
  ],
  contiguous: [
    {
      says: "of a permuted one",
      run: () => six().permute([1, 0]).contiguous(),
      shape: [3, 2],
      values: [1, 4, 2, 5, 3, 6],
    },
  ],
  toDtype: [
    {
      says: "whole numbers are cut off towards 0",
      run: () => tensor([1.7, -1.7, 0.2], [3]).toDtype("int64"),
      shape: [3],
      dtype: "int64",
      values: [1, -1, 0],
    },
    {
      says: "what is not 0 is true",
      run: () => tensor([0, -2], [2]).toDtype("bool"),
      shape: [2],
      dtype: "bool",
      values: [0, 1],
    },
    // 2¹¹ + 1 needs 12 bits, float16 has 11: it becomes 2¹¹.
    {
      says: "float16 keeps eleven bits",
      run: () => tensor([2049, 0.5], [2]).toDtype("float16").toDtype("float32"),
      shape: [2],
      values: [2048, 0.5],
    },
  ],
  toDevice: [
    {
      says: "the type goes along",
      run: () => six().toDevice("cpu", "float64"),
      shape: [2, 3],
      dtype: "float64",
      values: [1, 2, 3, 4, 5, 6],
    },
  ],

  zeros: [
    { says: "float32 by default", run: () => zeros([2, 3]), shape: [2, 3], values: [0, 0, 0, 0, 0, 0] },
    { says: "of a type", run: () => zeros([2], { dtype: "uint8" }), shape: [2], dtype: "uint8", values: [0, 0] },
  ],
  full: [
    { says: "a whole number is float32 too", run: () => full([3], 2), shape: [3], values: [2, 2, 2] },
    {
      says: "of a type",
      run: () => full([1, 2], -7, { dtype: "int64" }),
      shape: [1, 2],
      dtype: "int64",
      values: [-7, -7],
    },
  ],

  bernoulliInPlace: [
    {
      says: "never",
      run: () => full([2, 3], 5).bernoulliInPlace({ p: 0, generator: generator() }),
      shape: [2, 3],
      values: [0, 0, 0, 0, 0, 0],
    },
    {
      says: "always",
      run: () => zeros([2, 2]).bernoulliInPlace({ p: 1, generator: generator() }),
      shape: [2, 2],
      values: [1, 1, 1, 1],
    },
  ],
  copyInPlace: [
    {
      says: "broadcast, and of another type",
      run: () => {
        const target = six();
        target.copyInPlace(tensor([7, 8, 9], [3], "int64"));
        return target;
      },
      shape: [2, 3],
      values: [7, 8, 9, 7, 8, 9],
    },
  ],
};

function generator(): Generator {
  return new Generator(new RandomSource("value cases"));
}
