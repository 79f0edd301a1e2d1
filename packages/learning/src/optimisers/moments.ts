import { describeTensor, EngineError, keep, withoutGradients, type Tensor } from "@multirnet/engine";

import { zerosLike } from "./zeros-like.js";

/** What an optimiser remembers of each weight: tensors of its size, one of each kind, keyed by the weight's path; zeros at first. */
export class Moments<Kind extends string> {
  readonly #paths: readonly string[];
  readonly #of: ReadonlyMap<Kind, readonly Tensor[]>;

  constructor(parameters: ReadonlyMap<string, Tensor>, kinds: readonly Kind[]) {
    this.#paths = [...parameters.keys()];
    const weights = [...parameters.values()];
    this.#of = new Map(kinds.map((kind) => [kind, weights.map((weight) => keep(zerosLike(weight)))]));
  }

  /** One kind, in the order of the parameters. */
  of(kind: Kind): readonly Tensor[] {
    return this.#of.get(kind) as readonly Tensor[];
  }

  /** All of them, as `KIND.PATH`. */
  state(): Map<string, Tensor> {
    return new Map(
      Array.from(this.#of).flatMap(([kind, tensors]) =>
        tensors.map((tensor, index): [string, Tensor] => [`${kind}.${this.#paths[index] ?? ""}`, tensor]),
      ),
    );
  }

  /** @throws EngineError ENGINE_STATE_MISMATCH when one is missing or has another shape; nothing is taken then */
  load(state: ReadonlyMap<string, Tensor>): void {
    const own = this.state();
    const missing = [...own.keys()].filter((name) => !state.has(name));
    const misshaped = [...own].flatMap(([name, tensor]) => {
      const came = state.get(name) ?? tensor;
      if (came.shape.join() === tensor.shape.join()) return [];
      return `${name} is ${describeTensor(tensor)} here and ${describeTensor(came)} there`;
    });
    if (missing.length + misshaped.length > 0) {
      throw new EngineError({ code: "ENGINE_STATE_MISMATCH", missing, extra: [], misshaped });
    }
    withoutGradients(() => {
      for (const [name, tensor] of own) tensor.copyInPlace(state.get(name) as Tensor);
    });
  }

  release(): void {
    for (const tensors of this.#of.values()) for (const tensor of tensors) tensor.release();
  }
}
