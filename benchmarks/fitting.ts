/** How many epochs of a training fit in a time: what benchmarks of a fixed time share. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { train, type TrainConfig } from "@multirnet/learning";

const WARM_UP = 3; // steps that are not timed
const TIMED = 30;
const RESERVE = 0.15; // of the time: steps of the first minute were that much quicker than those of the half hour after it

/**
 * Trains a few steps into a folder that is thrown away.
 *
 * @param configOf the training with so many epochs
 * @returns how many fit in the time, at least one: known before a training begins, so that the learning rate comes to its end
 */
export async function epochsThatFit(
  minutes: number,
  configOf: (epochs: number) => Promise<TrainConfig>,
  { fold, workers }: { readonly fold: number; readonly workers: number },
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "fitting-"));
  const epochs = WARM_UP + TIMED; // enough, as an epoch has a step at least
  const stop = new AbortController();
  let stepsAnEpoch = 1;
  try {
    const run = join(folder, "run");
    await train(await configOf(epochs), run, {
      fold,
      workers,
      signal: stop.signal,
      onEvent: (event) => {
        if (event.kind !== "step") return;
        stepsAnEpoch = event.steps / epochs;
        if (event.step >= WARM_UP + TIMED) stop.abort();
      },
    });
    const seconds = median(secondsOfSteps(run).slice(WARM_UP));
    return Math.max(1, Math.floor((60 * minutes * (1 - RESERVE)) / (seconds * stepsAnEpoch)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What each step of a run took. */
export function secondsOfSteps(run: string): number[] {
  const lines = readFileSync(join(run, "log.jsonl"), "utf8").trim().split("\n");
  return lines
    .map((line) => JSON.parse(line) as { kind: string; seconds: number })
    .flatMap(({ kind, seconds }) => (kind === "step" ? [seconds] : []));
}

/** The upper one of two in the middle; not a number where there are none. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? NaN;
}
