import { EngineError } from "./errors.js";

/** What a scope frees: tensors. */
export interface Releasable {
  release(): void;
}

const scopes: Set<Releasable>[] = [];
const releasable = new WeakSet<Releasable>();

/** Hands a new tensor to the innermost scope. Without a scope the garbage collector frees it, later. */
export function track<T extends Releasable>(tensor: T): T {
  releasable.add(tensor);
  scopes.at(-1)?.add(tensor);
  return tensor;
}

/**
 * Runs `body` and frees every tensor that it made and does not return. What it returns (tensors, also inside lists, maps and plain
 * objects) passes to the scope around it. This stack is the engine's one piece of hidden state: without it a training step
 * holds gigabytes until the garbage collector comes.
 *
 * @throws EngineError ENGINE_SCOPE_ASYNC when `body` returns a promise
 */
export function scope<T>(body: () => T): T {
  const made = new Set<Releasable>();
  scopes.push(made);
  try {
    const result = body();
    if (result instanceof Promise) throw new EngineError({ code: "ENGINE_SCOPE_ASYNC" });
    const outer = scopes.at(-2);
    visit(result, (tensor) => {
      if (made.delete(tensor)) outer?.add(tensor);
    });
    return result;
  } finally {
    scopes.pop();
    for (const tensor of made) tensor.release();
  }
}

/** Takes tensors out of all scopes: weights and optimiser state, which live until their owner releases them. */
export function keep<T>(value: T): T {
  visit(value, (tensor) => {
    for (const made of scopes) made.delete(tensor);
  });
  return value;
}

function visit(value: unknown, found: (tensor: Releasable) => void): void {
  if (typeof value !== "object" || value === null) return;
  if (releasable.has(value as Releasable)) found(value as Releasable);
  else if (Array.isArray(value)) for (const item of value) visit(item, found);
  else if (value instanceof Map) for (const item of value.values()) visit(item, found);
  else if (Object.getPrototypeOf(value) === Object.prototype)
    for (const item of Object.values(value)) visit(item, found);
}
