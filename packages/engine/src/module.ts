import { withoutGradients } from "./autograd.js";
import { tensorOfBytes } from "./create.js";
import type { DType } from "./dtype.js";
import { EngineError } from "./errors.js";
import { Tensor } from "./generated/tensor.js";
import type { StoredTensor } from "./safetensors.js";
import { keep, scope } from "./scope.js";
import { describeShape } from "./tensor-core.js";

/** As which type of number and on which device, `cpu` or `cuda`, a tensor is; what is not said stays. */
export interface Place {
  readonly dtype?: DType;
  readonly device?: string;
}

/** A tensor that is learned. It lives until its module is released. */
export class Parameter {
  #tensor: Tensor;

  constructor(tensor: Tensor) {
    this.#tensor = keep(tensor).setRequiresGrad(true);
  }

  get tensor(): Tensor {
    return this.#tensor;
  }

  /** Takes the same numbers as another type or elsewhere; who held the old tensor must ask again. */
  convert(to: Place): void {
    const old = this.#tensor;
    this.#tensor = keep(converted(old, to)).setRequiresGrad(true);
    old.release();
  }
}

/** A tensor that belongs to a module's state but is not learned, such as running statistics. */
export class Buffer {
  #tensor: Tensor;

  constructor(tensor: Tensor) {
    this.#tensor = keep(tensor);
  }

  get tensor(): Tensor {
    return this.#tensor;
  }

  /** As `Parameter.convert`. */
  convert(to: Place): void {
    const old = this.#tensor;
    this.#tensor = keep(converted(old, to));
    old.release();
  }
}

/** A copy, also where both stay. */
function converted(tensor: Tensor, { dtype = tensor.dtype, device = tensor.device }: Place): Tensor {
  return withoutGradients(() => scope(() => tensor.detach().clone().toDevice(device, dtype)));
}

/**
 * A part of a network. Its parameters, buffers and sub-modules are its fields (also in lists), found by name: the path of a weight is the
 * path of the field, as `encoder.0.convolution.weight`, in the order of definition. Whether it trains is an argument of `forward`.
 */
export abstract class Module {
  /** Everything that makes up the state, by path. */
  *members(prefix = ""): Generator<readonly [path: string, member: Parameter | Buffer]> {
    for (const [name, field] of Object.entries(this)) yield* membersOf(field, prefix + name);
  }

  /** The learned tensors by path. */
  parameters(): Map<string, Tensor> {
    return tensorsOf(this.members(), Parameter);
  }

  /** All tensors of the state by path: what a weights file holds. */
  state(): Map<string, Tensor> {
    return new Map(Array.from(this.members(), ([path, { tensor }]) => [path, tensor]));
  }

  /**
   * Copies the given tensors into the state, converting their type. Of those that still lie in a file, one is made at a time.
   *
   * @throws EngineError ENGINE_STATE_MISMATCH, with the names that are missing, extra or of another shape, and ENGINE_OP_FAILED
   * for a tensor that was released; in either case before anything is changed
   */
  loadState(given: ReadonlyMap<string, Tensor | StoredTensor>): void {
    const state = this.state();
    const missing = [...state.keys()].filter((path) => !given.has(path));
    const extra = [...given.keys()].filter((path) => !state.has(path));
    const misshaped: string[] = [];
    for (const [path, { shape }] of state) {
      const came = given.get(path)?.shape ?? shape;
      if (came.join() !== shape.join())
        misshaped.push(`${path} is ${describeShape(shape)} here and ${describeShape(came)} there`);
    }
    if (missing.length + extra.length + misshaped.length > 0) {
      throw new EngineError({ code: "ENGINE_STATE_MISMATCH", missing, extra, misshaped });
    }
    withoutGradients(() => {
      scope(() => {
        // All of them are touched before the first is copied: one that was released throws here, and nothing is half loaded.
        const pairs = Array.from(state, ([path, tensor]) => {
          const source = given.get(path) as Tensor | StoredTensor;
          return [tensor, source instanceof Tensor ? source.detach() : source] as const;
        });
        for (const [tensor, source] of pairs) {
          scope(() => {
            tensor.copyInPlace(
              source instanceof Tensor ? source : tensorOfBytes(source.dtype, source.shape, source.bytes),
            );
          });
        }
      });
    });
  }

  /**
   * Brings all weights to another type of number, or to another device; an optimiser made before holds tensors that are gone.
   *
   * @throws EngineError ENGINE_OP_FAILED for a device that libtorch has not
   */
  convert(to: Place): void {
    for (const [, member] of this.members()) member.convert(to);
  }

  /** Frees all weights. */
  release(): void {
    for (const [, { tensor }] of this.members()) tensor.release();
  }
}

function* membersOf(field: unknown, path: string): Generator<readonly [string, Parameter | Buffer]> {
  if (field instanceof Parameter || field instanceof Buffer) yield [path, field];
  else if (field instanceof Module) yield* field.members(`${path}.`);
  else if (Array.isArray(field))
    for (const [index, item] of field.entries()) yield* membersOf(item, `${path}.${String(index)}`);
}

function tensorsOf(
  members: Iterable<readonly [string, Parameter | Buffer]>,
  kind: typeof Parameter,
): Map<string, Tensor> {
  const found = new Map<string, Tensor>();
  for (const [path, member] of members) if (member instanceof kind) found.set(path, member.tensor);
  return found;
}
