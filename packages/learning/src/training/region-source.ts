import { drawSample, type SampleSettings } from "../sampling/index.js";
import type { CaseRegion } from "./batch.js";
import type { StepPlan, Turn } from "./plan.js";

/** How a region is drawn, and the run's seed. */
export interface RegionSettings {
  readonly sample: SampleSettings;
  readonly seed: number;
}

/** The regions of steps, cut and changed. */
export interface RegionSource {
  /** Says that a step will be asked for, so that it can be made ready; steps are told in the order in which they are asked for. */
  expect(step: StepPlan): void;
  /** The regions of a step that was told, batch by batch. @throws LearningError TRAINING_WORKER */
  take(step: StepPlan): Promise<readonly (readonly CaseRegion[])[]>;
  close(): Promise<void>;
}

/** Makes regions when they are asked for, in this thread. */
export function regionsHere(settings: RegionSettings): RegionSource {
  const regionOf = ({ prepared, round, repeat }: Turn): CaseRegion => ({
    prepared,
    region: drawSample(prepared, settings.sample, { seed: settings.seed, epoch: round, repeat }),
  });
  return {
    expect: () => undefined,
    take: (step) => Promise.resolve(step.map((batch) => batch.map(regionOf))),
    close: () => Promise.resolve(),
  };
}
