import type { RunFolder } from "@multirnet/artifacts";

/** What happens in a training, for a progress bar. */
export type TrainingEvent =
  | { readonly kind: "preparing"; readonly done: number; readonly of: number }
  | {
      readonly kind: "step";
      readonly step: number;
      readonly steps: number;
      readonly epoch: number;
      readonly loss: number;
      readonly cases: number;
      readonly seconds: number;
    }
  | { readonly kind: "validating"; readonly epoch: number };

export interface TrainingOptions {
  /** Threads that make regions ready while a step runs; 0 makes them between the steps. The result is the same. */
  readonly workers?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: TrainingEvent) => void) | undefined;
  /** Makes a step, to look at how it does so. @param step its number, from 1 in this sitting @param body makes it */
  readonly aroundStep?: (<T>(step: number, body: () => T) => T) | undefined;
}

/** How a training ended. */
export interface TrainingOutcome {
  readonly run: RunFolder;
  readonly ended: "finished" | "aborted"; // aborted: the run can be resumed
  readonly steps: number;
  readonly bestEpoch: number | undefined; // undefined without validation
}
