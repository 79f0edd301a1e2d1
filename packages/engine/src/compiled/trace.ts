import { Tensor } from "../generated/tensor.js";
import { native, type NativeTensor } from "../native.js";
import { record, watched, type CallRecord } from "../recorder.js";
import { collectLater } from "../scope.js";
import { TensorCore } from "../tensor-core.js";

/** What a run of a function did, so that it can be done again in another way. */
export interface Trace<T> {
  readonly result: T;
  readonly calls: readonly CallRecord[];
  /** Tensors by id that calls took, that no call made and nobody knew of. They share their elements with the ones that were taken. */
  readonly constants: ReadonlyMap<number, Tensor>;
  /** Whether nothing of it can have been decided by the elements of a tensor. */
  readonly repeatable: boolean;
}

/** @param known ids of the tensors that `body` is a function of: inputs, weights */
export function trace<T>(known: ReadonlySet<number>, body: () => T): Trace<T> {
  const made = new Set<number>();
  const constants = new Map<number, Tensor>();
  let repeatable = true;
  const watch = {
    input(tensor: { readonly id: number }): void {
      if (tensor instanceof TensorCore && !known.has(tensor.id) && !made.has(tensor.id) && !constants.has(tensor.id))
        constants.set(tensor.id, alias(tensor));
    },
    output({ id }: { readonly id: number }): void {
      made.add(id);
    },
    read(): void {
      repeatable = false;
    },
  };
  const { result, calls } = watched(watch, () => record(body));
  return { result, calls, constants, repeatable };
}

/** The same elements, which no scope frees. Not by `call`, as the trace is of what the body called. */
function alias(tensor: TensorCore): Tensor {
  const [same] = native().call(native().lookup("aten::detach", ""), [tensor.native]);
  const held = new Tensor(same as NativeTensor);
  collectLater(held);
  return held;
}
