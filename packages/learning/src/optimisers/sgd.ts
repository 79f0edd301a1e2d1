import { foreachAddInPlace, foreachMulScalarInPlace, withoutGradients, type Tensor } from "@multirnet/engine";

import { Moments } from "./moments.js";
import { takingPart } from "./taking-part.js";

export interface SgdSettings {
  readonly momentum: number;
  readonly weightDecay: number; // added to the gradient
}

/**
 * Stochastic gradient descent with Nesterov's momentum: with g the gradient plus decay · w, b ← μb + g, w ← w − rate · (g + μb). Sutskever et al., ICML
 * 2013, in the form of PyTorch's `SGD(nesterov=True)`, which nnU-Net trains with.
 */
export class Sgd {
  readonly #weights: readonly Tensor[];
  readonly #moments: Moments<"velocity">;
  readonly #settings: SgdSettings;
  #steps = 0;

  constructor(parameters: ReadonlyMap<string, Tensor>, settings: SgdSettings) {
    this.#weights = [...parameters.values()];
    this.#moments = new Moments(parameters, ["velocity"]);
    this.#settings = settings;
  }

  get steps(): number {
    return this.#steps;
  }

  step(gradients: readonly (Tensor | undefined)[], learningRate: number): void {
    const { momentum, weightDecay } = this.#settings;
    this.#steps += 1;
    const { weights, velocities, of } = takingPart(gradients, {
      weights: this.#weights,
      velocities: this.#moments.of("velocity"),
    });
    if (of.length === 0) return;
    withoutGradients(() => {
      foreachMulScalarInPlace(velocities, momentum);
      foreachAddInPlace(velocities, of);
      if (weightDecay > 0) {
        foreachAddInPlace(velocities, weights, { alpha: weightDecay });
        foreachMulScalarInPlace(weights, 1 - learningRate * weightDecay);
      }
      foreachAddInPlace(weights, of, { alpha: -learningRate });
      foreachAddInPlace(weights, velocities, { alpha: -learningRate * momentum });
    });
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
