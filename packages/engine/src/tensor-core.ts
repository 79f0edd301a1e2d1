import { bytesPerElement, dtypeOf, type DType } from "./dtype.js";
import { EngineError, opFailed } from "./errors.js";
import { currentWatch } from "./recorder.js";
import { native, type Addon, type NativeTensor } from "./native.js";

/** A typed array as read from or written into a tensor; float16 and bfloat16 come as their 16 bits. */
export type TensorArray =
  Uint8Array | Int8Array | Int16Array | Int32Array | BigInt64Array | Uint16Array | Float32Array | Float64Array;

/** The array that holds the elements of each type. */
export const ARRAYS: { readonly [D in DType]: new (buffer: ArrayBuffer) => TensorArray } = {
  uint8: Uint8Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  float16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
  bool: Uint8Array,
  bfloat16: Uint16Array,
};

interface Description {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly device: string;
}

let made = 0;

/** What a tensor is, apart from the operators, which are generated (`generated/tensor.ts`). */
export abstract class TensorCore {
  /** Tells tensors apart in a recording. */
  readonly id: number = ++made;
  readonly native: NativeTensor;
  #description: Description | undefined; // asked for at the first use: most tensors of a training step are never asked

  constructor(tensor: NativeTensor) {
    this.native = tensor;
  }

  get shape(): readonly number[] {
    return (this.#description ??= this.#describe()).shape;
  }

  get dtype(): DType {
    return (this.#description ??= this.#describe()).dtype;
  }

  get device(): string {
    return (this.#description ??= this.#describe()).device;
  }

  get elements(): number {
    return this.shape.reduce((product, side) => product * side, 1);
  }

  get bytes(): number {
    return this.elements * bytesPerElement(this.dtype);
  }

  get requiresGrad(): boolean {
    return this.#addon("requiresGrad", (addon) => addon.requiresGrad(this.native));
  }

  /** Whether gradients are taken with respect to this tensor; it must be a leaf. Returns itself. */
  setRequiresGrad(required: boolean): this {
    this.#addon("setRequiresGrad", (addon) => addon.requiresGrad(this.native, required));
    return this;
  }

  /** @returns a copy of the elements in row-major order */
  toArray(): TensorArray {
    currentWatch()?.read();
    return this.#addon("toArray", (addon) => new ARRAYS[this.dtype](addon.toBytes(this.native)));
  }

  /** @returns the elements as numbers. @throws EngineError ENGINE_SHAPE for a type without a number of its own */
  toNumbers(): number[] {
    if (this.dtype === "float16" || this.dtype === "bfloat16") {
      throw new EngineError({
        code: "ENGINE_SHAPE",
        where: "toNumbers",
        expected: "a type of 32 or 64 bits",
        came: this.dtype,
      });
    }
    return Array.from(this.toArray() as ArrayLike<number | bigint>, Number);
  }

  /** @returns the only element. @throws EngineError ENGINE_SHAPE when there are more or none */
  item(): number {
    if (this.elements !== 1) {
      throw new EngineError({
        code: "ENGINE_SHAPE",
        where: "item",
        expected: "one element",
        came: describeTensor(this),
      });
    }
    return this.toNumbers()[0] as number;
  }

  /** Frees the memory now; any later use is an error, but for what was read of its shape before. */
  release(): void {
    native().release(this.native);
  }

  #describe(): Description {
    const [code, device, ...shape] = this.#addon("describe", (addon) => addon.describe(this.native));
    return { shape, dtype: dtypeOf(code), device };
  }

  #addon<T>(op: string, use: (addon: Addon) => T): T {
    try {
      return use(native());
    } catch (error) {
      throw opFailed(op, op === "describe" ? "" : describeForMessage(this), error);
    }
  }
}

/** `1×2×32 float32`: how a tensor stands in messages. */
export function describeTensor({ shape, dtype }: { readonly shape: readonly number[]; readonly dtype: DType }): string {
  return `${describeShape(shape)} ${dtype}`;
}

/** `1×2×32`, or `scalar`. */
export function describeShape(shape: readonly number[]): string {
  return shape.length === 0 ? "scalar" : shape.join("×");
}

/** The same for a tensor at fault, which may have been released before anybody asked for its shape. */
export function describeForMessage(tensor: TensorCore): string {
  try {
    return describeTensor(tensor);
  } catch {
    return "released"; // why is what the message is about
  }
}
