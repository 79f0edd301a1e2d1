import type { Tensor } from "@multirnet/engine";

import { Adam } from "./adam.js";
import { Sgd } from "./sgd.js";
import type { OptimiserSettings } from "../config/optimiser.js";

/** Moves weights against their gradients, and remembers of each what its rule asks for. */
export interface Optimiser {
  /** How often `step` was called. */
  readonly steps: number;
  /**
   * @param gradients in the order of the parameters; a weight without one takes no part: neither it nor what is remembered of it changes
   * @param learningRate of this step
   */
  step(gradients: readonly (Tensor | undefined)[], learningRate: number): void;
  /** What it remembers, as `KIND.PATH`; `steps` is kept beside it by the caller. */
  state(): Map<string, Tensor>;
  /** @throws EngineError ENGINE_STATE_MISMATCH when a tensor is missing or has another shape */
  loadState(state: ReadonlyMap<string, Tensor>, steps: number): void;
  release(): void;
}

export function createOptimiser(parameters: ReadonlyMap<string, Tensor>, settings: OptimiserSettings): Optimiser {
  switch (settings.method) {
    case "adam":
      return new Adam(parameters, settings);
    case "sgd":
      return new Sgd(parameters, settings);
  }
}
