import { adamInPlace, describeTensor, EngineError, keep, withoutGradients, type Tensor } from "@multirnet/engine";

import { zerosLike } from "./zeros-like.js";

export interface AdamSettings {
  readonly betas: readonly [mean: number, square: number];
  readonly epsilon: number;
  readonly weightDecay: number; // decoupled, as AdamW; 0 is Adam
}

/**
 * Adam with bias correction: m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², w ← w − rate · (m / (1−β₁ᵗ)) / (√v / √(1−β₂ᵗ) + ε). Kingma and Ba, ICLR 2015. With
 * `weightDecay` the weights first shrink by rate · decay (Loshchilov and Hutter, ICLR 2019). The state is keyed by the weights' paths.
 */
export class Adam {
  readonly #names: readonly string[];
  readonly #weights: readonly Tensor[];
  readonly #means: readonly Tensor[];
  readonly #squares: readonly Tensor[];
  readonly #settings: AdamSettings;
  #steps = 0;

  constructor(parameters: ReadonlyMap<string, Tensor>, settings: AdamSettings) {
    this.#names = [...parameters.keys()];
    this.#weights = [...parameters.values()];
    this.#means = this.#weights.map((weight) => keep(zerosLike(weight)));
    this.#squares = this.#weights.map((weight) => keep(zerosLike(weight)));
    this.#settings = settings;
  }

  /** How often `step` was called. */
  get steps(): number {
    return this.#steps;
  }

  /**
   * Moves the weights against the gradients, given in the order of the parameters. A weight without a gradient takes no part: neither it nor its moments
   * change, though the step counts for its bias correction.
   */
  step(gradients: readonly (Tensor | undefined)[], learningRate: number): void {
    const { betas, epsilon, weightDecay } = this.#settings;
    const moved = gradients.flatMap((gradient, index) => (gradient === undefined ? [] : index));
    const ofMoved = (tensors: readonly (Tensor | undefined)[]): Tensor[] =>
      moved.map((index) => tensors[index] as Tensor);
    this.#steps += 1;
    const [meanShare, squareShare] = betas;
    adamInPlace(
      {
        weights: ofMoved(this.#weights),
        gradients: ofMoved(gradients),
        means: ofMoved(this.#means),
        squares: ofMoved(this.#squares),
      },
      {
        betas,
        epsilon,
        rate: learningRate / (1 - meanShare ** this.#steps),
        root: Math.sqrt(1 - squareShare ** this.#steps),
        kept: 1 - learningRate * weightDecay,
      },
    );
  }

  /** The moments by path, `mean.PATH` and `square.PATH`; `steps` is kept beside them by the caller. */
  state(): Map<string, Tensor> {
    const named = (kind: string, tensors: readonly Tensor[]): [string, Tensor][] =>
      tensors.map((tensor, index) => [`${kind}.${this.#names[index] ?? ""}`, tensor]);
    return new Map([...named("mean", this.#means), ...named("square", this.#squares)]);
  }

  /** @throws EngineError ENGINE_STATE_MISMATCH when a moment is missing or has another shape */
  loadState(state: ReadonlyMap<string, Tensor>, steps: number): void {
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
    this.#steps = steps;
  }

  /** Frees the state. */
  release(): void {
    for (const tensor of [...this.#means, ...this.#squares]) tensor.release();
  }
}
