import type { DType } from "../../dtype.js";
import type { Tensor } from "../../generated/tensor.js";

/** One call of an operator with its answer, which was worked out by hand. */
export interface ValueCase {
  readonly says: string;
  readonly run: () => Tensor;
  readonly shape: readonly number[];
  readonly dtype?: DType; // float32 where not said
  readonly values: readonly number[];
}

/** The cases of some operators, by the operator's name here. */
export type ValueCases = Readonly<Record<string, readonly ValueCase[]>>;
