import { adamInPlace, type Tensor } from "@multirnet/engine";

import { Moments } from "./moments.js";
import { takingPart } from "./taking-part.js";

export interface AdamSettings {
  readonly betas: readonly [mean: number, square: number];
  readonly epsilon: number;
  readonly weightDecay: number; // decoupled, as AdamW; 0 is Adam
}

/**
 * Adam with bias correction: m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², w ← w − rate · (m / (1−β₁ᵗ)) / (√v / √(1−β₂ᵗ) + ε). Kingma and Ba, ICLR 2015. With
 * `weightDecay` the weights first shrink by rate · decay (Loshchilov and Hutter, ICLR 2019). The state is keyed by the weights' paths. The step counts
 * for the bias correction of a weight that took no part in it.
 */
export class Adam {
  readonly #weights: readonly Tensor[];
  readonly #moments: Moments<"mean" | "square">;
  readonly #settings: AdamSettings;
  #steps = 0;

  constructor(parameters: ReadonlyMap<string, Tensor>, settings: AdamSettings) {
    this.#weights = [...parameters.values()];
    this.#moments = new Moments(parameters, ["mean", "square"]);
    this.#settings = settings;
  }

  get steps(): number {
    return this.#steps;
  }

  step(gradients: readonly (Tensor | undefined)[], learningRate: number): void {
    const { betas, epsilon, weightDecay } = this.#settings;
    this.#steps += 1;
    const [meanShare, squareShare] = betas;
    const { of, ...moved } = takingPart(gradients, {
      weights: this.#weights,
      means: this.#moments.of("mean"),
      squares: this.#moments.of("square"),
    });
    adamInPlace(
      { ...moved, gradients: of },
      {
        betas,
        epsilon,
        rate: learningRate / (1 - meanShare ** this.#steps),
        root: Math.sqrt(1 - squareShare ** this.#steps),
        kept: 1 - learningRate * weightDecay,
      },
    );
  }

  state(): Map<string, Tensor> {
    return this.#moments.state();
  }

  loadState(state: ReadonlyMap<string, Tensor>, steps: number): void {
    this.#moments.load(state);
    this.#steps = steps;
  }

  release(): void {
    this.#moments.release();
  }
}
