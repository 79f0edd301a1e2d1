import { EngineError } from "./errors.js";
import { native, type NativeGenerator, type NativeTensor } from "./native.js";
import { TensorCore } from "./tensor-core.js";

const scopes: Set<TensorCore>[] = [];

/** Frees, some time after the garbage collector came by, what nobody freed. */
const safetyNet = new FinalizationRegistry<NativeTensor | NativeGenerator>((handle) => {
  native().release(handle);
});

/** Hands over what no scope frees: it goes when `owner` is collected. */
export function collectLater(owner: { readonly native: NativeTensor | NativeGenerator }): void {
  safetyNet.register(owner, owner.native);
}

/** Hands a new tensor to the innermost scope. Without a scope the garbage collector frees it, later. */
export function track<T extends TensorCore>(tensor: T): T {
  const scope = scopes.at(-1);
  if (scope === undefined) collectLater(tensor);
  else scope.add(tensor);
  return tensor;
}

/**
 * Runs `body` and frees every tensor that it made and does not return. What it returns (tensors, also inside lists, maps, sets and
 * plain objects) passes to the scope around it. This stack is the engine's one piece of hidden state: without it a training step
 * holds gigabytes until the garbage collector comes.
 *
 * @throws EngineError ENGINE_SCOPE_ASYNC when `body` returns a promise
 */
export function scope<T>(body: () => T): T {
  const made = new Set<TensorCore>();
  scopes.push(made);
  try {
    const result = body();
    if (isPromise(result)) {
      result.then(undefined, () => undefined); // it fails for want of its tensors, and nobody is left to hear of it
      throw new EngineError({ code: "ENGINE_SCOPE_ASYNC" });
    }
    const outer = scopes.at(-2);
    for (const tensor of tensorsWithin(result)) {
      if (!made.delete(tensor)) continue;
      if (outer === undefined) collectLater(tensor);
      else outer.add(tensor);
    }
    return result;
  } finally {
    scopes.pop();
    for (const tensor of made) tensor.release();
  }
}

/** Takes tensors out of all scopes: weights and optimiser state, which live until their owner releases them. */
export function keep<T>(value: T): T {
  for (const tensor of tensorsWithin(value)) {
    for (const made of scopes) if (made.delete(tensor)) collectLater(tensor);
  }
  return value;
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** The tensors in a value, each once, however deep in lists, maps, sets and plain objects. */
function tensorsWithin(value: unknown): Iterable<TensorCore> {
  if (value instanceof TensorCore) return [value];
  const found = new Set<TensorCore>();
  const seen = new Set<object>();
  const visit = (item: unknown): void => {
    if (typeof item !== "object" || item === null) return;
    if (item instanceof TensorCore) found.add(item);
    else if (!seen.has(item)) {
      seen.add(item);
      for (const inner of partsOf(item)) visit(inner);
    }
  };
  visit(value);
  return found;
}

function partsOf(container: object): Iterable<unknown> {
  if (Array.isArray(container)) return container as readonly unknown[];
  if (container instanceof Set) return container;
  if (container instanceof Map) return container.values();
  const prototype: unknown = Object.getPrototypeOf(container);
  return prototype === Object.prototype || prototype === null ? (Object.values(container) as unknown[]) : [];
}
