import { adamInPlace, EngineError, keep, scope, tensor, withoutGradients, zeros, type Tensor } from "@multirnet/engine";

import { Moments } from "./moments.js";
import { takingPart } from "./taking-part.js";

const MISSED = "missed"; // name in the state

export interface AdamSettings {
  readonly betas: readonly [mean: number, square: number];
  readonly epsilon: number;
  readonly weightDecay: number; // decoupled, as AdamW; 0 is Adam
}

/**
 * Adam with bias correction: m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², w ← w − rate · (m / (1−β₁ᵗ)) / (√v / √(1−β₂ᵗ) + ε). Kingma and Ba, ICLR 2015. With
 * `weightDecay` the weights first shrink by rate · decay (Loshchilov and Hutter, ICLR 2019). t counts the steps in which a weight took part. The state is
 * keyed by the weights' paths.
 */
export class Adam {
  readonly #weights: readonly Tensor[];
  readonly #moments: Moments<"mean" | "square">;
  readonly #settings: AdamSettings;
  /** In how many steps each weight took no part, in the order of the parameters; and the same as a tensor, for the state. */
  #missed: number[];
  readonly #missedKept: Tensor;
  #steps = 0;

  constructor(parameters: ReadonlyMap<string, Tensor>, settings: AdamSettings) {
    this.#weights = [...parameters.values()];
    this.#moments = new Moments(parameters, ["mean", "square"]);
    this.#settings = settings;
    this.#missed = this.#weights.map(() => 0);
    this.#missedKept = keep(zeros([this.#weights.length], { dtype: "int64" }));
  }

  get steps(): number {
    return this.#steps;
  }

  step(gradients: readonly (Tensor | undefined)[], learningRate: number): void {
    const { betas, epsilon, weightDecay } = this.#settings;
    this.#steps += 1;
    this.#missed = this.#missed.map((missed, place) => (gradients[place] === undefined ? missed + 1 : missed));
    const [meanShare, squareShare] = betas;
    for (const missed of new Set(this.#missed)) {
      const { of, ...moved } = takingPart(
        gradients.map((gradient, place) => (this.#missed[place] === missed ? gradient : undefined)),
        { weights: this.#weights, means: this.#moments.of("mean"), squares: this.#moments.of("square") },
      );
      const taken = this.#steps - missed;
      if (of.length === 0) continue;
      adamInPlace(
        { ...moved, gradients: of },
        {
          betas,
          epsilon,
          rate: learningRate / (1 - meanShare ** taken),
          root: Math.sqrt(1 - squareShare ** taken),
          kept: 1 - learningRate * weightDecay,
        },
      );
    }
  }

  state(): Map<string, Tensor> {
    withoutGradients(() =>
      scope(() => {
        this.#missedKept.copyInPlace(tensor(this.#missed, [this.#missed.length], "int64"));
      }),
    );
    return new Map([...this.#moments.state(), [MISSED, this.#missedKept]]);
  }

  loadState(state: ReadonlyMap<string, Tensor>, steps: number): void {
    const missed = state.get(MISSED);
    if (missed?.elements !== this.#missed.length)
      throw new EngineError({ code: "ENGINE_STATE_MISMATCH", missing: [MISSED], extra: [], misshaped: [] });
    this.#moments.load(state);
    this.#missed = missed.toNumbers();
    this.#steps = steps;
  }

  release(): void {
    this.#moments.release();
    this.#missedKept.release();
  }
}
