import { Tensor } from "../generated/tensor.js";
import { native, type NativeTensor } from "../native.js";
import { record, watched, type CallRecord } from "../recorder.js";
import { collectLater } from "../scope.js";
import { TensorCore } from "../tensor-core.js";
import { CONVOLUTIONS } from "./fusion.js";
import { perAxis } from "./graph.js";

/** What a run of a function called, so that it can be done again in another way. */
export interface Trace<T> {
  readonly result: T; // whose elements mean nothing: convolutions, most of the work, were not done
  readonly calls: readonly CallRecord[];
  /** Tensors by id that calls took, that no call made and nobody knew of. They share their elements with the ones that were taken. */
  readonly constants: ReadonlyMap<number, Tensor>;
}

/** Ends a run that looks at elements. */
class Looked extends Error {}

/**
 * @param known ids of the tensors that `body` is a function of: inputs, weights
 * @returns nothing where `body` wanted to see the elements of a tensor, by which it may decide what to do
 */
export function trace<T>(known: ReadonlySet<number>, body: () => T): Trace<T> | undefined {
  const made = new Set<number>();
  const constants = new Map<number, Tensor>();
  const watch = {
    input(tensor: { readonly id: number }): void {
      if (tensor instanceof TensorCore && !known.has(tensor.id) && !made.has(tensor.id) && !constants.has(tensor.id))
        constants.set(tensor.id, alias(tensor));
    },
    output({ id }: { readonly id: number }): void {
      made.add(id);
    },
    read(): void {
      throw new Looked("elements were looked at");
    },
    sizeOnly,
  };
  try {
    const { result, calls } = watched(watch, () => record(body));
    return { result, calls, constants };
  } catch (error) {
    for (const tensor of constants.values()) tensor.release();
    if (error instanceof Looked) return undefined;
    throw error;
  }
}

/** The size of a convolution's output; nothing where it is none, or would be refused. */
function sizeOnly(op: string, args: readonly unknown[]): readonly number[] | undefined {
  const [input, weight, , strides, paddings, dilations, groups] = args;
  if (!CONVOLUTIONS.has(op) || !(input instanceof TensorCore) || !(weight instanceof TensorCore)) return undefined;
  const [samples = 0, channels, ...space] = input.shape;
  const [to = 0, from, ...kernel] = weight.shape;
  if (space.length !== kernel.length || channels !== from || (groups ?? 1) !== 1 || input.dtype !== "float32")
    return undefined;
  const [stride, padding, dilation] = [
    [strides, 1],
    [paddings, 0],
    [dilations, 1],
  ].map(([value, otherwise]) => perAxis(value, space.length, otherwise as number)) as [number[], number[], number[]];
  const out = space.map((side, axis) => {
    const reach = (dilation[axis] ?? 1) * ((kernel[axis] ?? 1) - 1) + 1;
    return Math.floor((side + 2 * (padding[axis] ?? 0) - reach) / (stride[axis] ?? 1)) + 1;
  });
  return out.every((side) => side > 0) ? [samples, to, ...out] : undefined;
}

/** The same elements, which no scope frees. Not by `call`, as the trace is of what the body called. */
function alias(tensor: TensorCore): Tensor {
  const [same] = native().call(native().lookup("aten::detach", ""), [tensor.native]);
  const held = new Tensor(same as NativeTensor);
  collectLater(held);
  return held;
}
