import type { CaseRegion } from "./batch.js";
import type { Plan, StepPlan } from "./plan.js";
import type { RegionSource } from "./region-source.js";

/** A step with its regions. */
export interface ReadyStep {
  readonly plan: StepPlan;
  readonly index: number; // in its epoch
  readonly batches: readonly (readonly CaseRegion[])[];
}

const AHEAD = 3; // steps that are told before they are asked for, so that a slow one among them holds nobody up

/** The steps of a training one after another, their regions made ready ahead. */
export class Upcoming {
  readonly #source: RegionSource;
  readonly #steps: Iterator<PlannedStep, undefined>;
  readonly #told: PlannedStep[] = [];

  /** @param from the first step: its epoch, and which of that; an epoch may have none left */
  constructor(
    plan: Plan,
    source: RegionSource,
    from: { readonly epoch: number; readonly step: number; readonly epochs: number },
  ) {
    this.#source = source;
    this.#steps = stepsFrom(plan, from);
  }

  /** The next step of an epoch; undefined where it has no more. */
  async next(epoch: number): Promise<ReadyStep | undefined> {
    while (this.#told.length < AHEAD) {
      const { value } = this.#steps.next();
      if (value === undefined) break;
      this.#source.expect(value.plan);
      this.#told.push(value);
    }
    if (this.#told[0]?.epoch !== epoch) return undefined;
    const { plan, index } = this.#told.shift() as PlannedStep;
    return { plan, index, batches: await this.#source.take(plan) };
  }
}

interface PlannedStep {
  readonly epoch: number;
  readonly index: number;
  readonly plan: StepPlan;
}

function* stepsFrom(
  plan: Plan,
  { epoch: first, step, epochs }: { readonly epoch: number; readonly step: number; readonly epochs: number },
): Generator<PlannedStep, undefined> {
  for (let epoch = first; epoch < epochs; epoch++) {
    for (const [index, one] of plan(epoch).entries()) {
      if (epoch > first || index >= step) yield { epoch, index, plan: one };
    }
  }
  return undefined;
}
