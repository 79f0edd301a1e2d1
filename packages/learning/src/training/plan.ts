import type { TrainConfig } from "../config/train-config.js";
import type { PreparedCase } from "../dataset/index.js";
import { batches, epochOrder } from "../sampling/index.js";

/** One case in one of the rounds of an epoch. */
export interface Turn {
  readonly prepared: PreparedCase;
  readonly round: number; // counts over the whole run; all draws of a turn are keyed by it
}

/** The batches of an epoch: `regionsPerCase` rounds, each visiting every case once in an order of its own. */
export function planOf(
  cases: readonly PreparedCase[],
  { seed, sampling, batchSize }: Pick<TrainConfig, "seed" | "sampling" | "batchSize">,
  epoch: number,
): Turn[][] {
  const rounds = Array.from({ length: sampling.regionsPerCase }, (_, round) => epoch * sampling.regionsPerCase + round);
  const turns = rounds.flatMap((round) =>
    epochOrder(cases, { seed, epoch: round }).map((prepared) => ({ prepared, round })),
  );
  return batches(turns, batchSize);
}
