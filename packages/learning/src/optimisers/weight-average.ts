import { foreachAddInPlace, foreachMulScalarInPlace, keep, withoutGradients, type Tensor } from "@multirnet/engine";

import { Moments } from "./moments.js";

/**
 * An exponential moving average of weights: a ← d·a + (1 − d)·w after each step, with d no larger than (1 + t) / (10 + t) at step t, so that the first
 * weights, which are random, are soon forgotten (as TensorFlow's ExponentialMovingAverage does with `num_updates`; Polyak and Juditsky 1992).
 */
export class WeightAverage {
  readonly #weights: readonly Tensor[];
  readonly #moments: Moments<"average">;
  readonly #decay: number;

  /** Begins at the weights as they are. */
  constructor(parameters: ReadonlyMap<string, Tensor>, decay: number) {
    this.#weights = [...parameters.values()];
    this.#moments = new Moments(parameters, ["average"]);
    this.#decay = decay;
    withoutGradients(() => {
      for (const [index, average] of this.#moments.of("average").entries())
        average.copyInPlace(this.#weights[index] as Tensor);
    });
  }

  /** @param step that the weights have just made, from 1 */
  update(step: number): void {
    const decay = Math.min(this.#decay, (1 + step) / (10 + step));
    const averages = this.#moments.of("average");
    withoutGradients(() => {
      foreachMulScalarInPlace(averages, decay);
      foreachAddInPlace(averages, this.#weights, { alpha: 1 - decay });
    });
  }

  /** Runs `body` while the averages stand in the place of the weights. */
  async standingIn<T>(body: () => Promise<T>): Promise<T> {
    this.#exchange();
    try {
      return await body();
    } finally {
      this.#exchange();
    }
  }

  state(): Map<string, Tensor> {
    return this.#moments.state();
  }

  /** @throws EngineError ENGINE_STATE_MISMATCH */
  loadState(state: ReadonlyMap<string, Tensor>): void {
    this.#moments.load(state);
  }

  release(): void {
    this.#moments.release();
  }

  #exchange(): void {
    withoutGradients(() => {
      for (const [index, average] of this.#moments.of("average").entries()) {
        const weight = this.#weights[index] as Tensor;
        const before = keep(weight.clone());
        weight.copyInPlace(average);
        average.copyInPlace(before);
        before.release();
      }
    });
  }
}
