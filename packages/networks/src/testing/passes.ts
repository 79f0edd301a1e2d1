import { RandomSource } from "@multirnet/base";

import type { Pass } from "../network.js";

export const EVALUATION: Pass = { mode: "eval", random: new RandomSource("evaluation") };

/** A pass in training; the seed decides what dropout drops. */
export function training(seed = 0): Pass {
  return { mode: "train", random: new RandomSource(seed, "training") };
}
