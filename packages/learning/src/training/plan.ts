import type { TrainConfig } from "../config/train-config.js";
import type { PreparedCase } from "../dataset/index.js";
import { balancedVisits, batches, epochOrder, groupsOf } from "../sampling/index.js";

/** One look at a case in one of the rounds of an epoch. */
export interface Turn {
  readonly prepared: PreparedCase;
  readonly round: number; // counts over the whole run; all draws of a turn are keyed by it
  readonly repeat: number; // how often the round has looked at the case before
}

/** What moves the weights once: the batches whose gradients are averaged. */
export type StepPlan = readonly (readonly Turn[])[];

export type Plan = (epoch: number) => readonly StepPlan[];

/**
 * The steps of each epoch: `regionsPerCase` rounds, each of as many looks as there are cases, in an order of its own; each case once, or groups of cases
 * equally often where they are balanced.
 */
export function planOf(
  cases: readonly PreparedCase[],
  config: Pick<TrainConfig, "seed" | "sampling" | "batchSize"> & {
    readonly optimiser: Pick<TrainConfig["optimiser"], "accumulate">;
  },
): Plan {
  const { seed, sampling, batchSize, optimiser } = config;
  const groupOf = sampling.balance.length === 0 ? undefined : groupsOf(cases, sampling.balance);
  return (epoch) => {
    const rounds = Array.from({ length: sampling.regionsPerCase }, (_, i) => epoch * sampling.regionsPerCase + i);
    const turns = rounds.flatMap((round): Turn[] => {
      const key = { seed, epoch: round };
      if (groupOf === undefined) return epochOrder(cases, key).map((prepared) => ({ prepared, round, repeat: 0 }));
      return balancedVisits(cases, groupOf, key).map(({ of, repeat }) => ({ prepared: of, round, repeat }));
    });
    return batches(batches(turns, batchSize), optimiser.accumulate);
  };
}
