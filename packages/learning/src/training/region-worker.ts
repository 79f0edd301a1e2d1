/** The thread that makes regions ready while a step runs; see `regions-ahead.ts`. */
import { parentPort, workerData } from "node:worker_threads";

import { drawSample, type SampledScan } from "../sampling/sample.js"; // and not the index: a thread needs no engine
import type { RegionSettings } from "./region-source.js";

/** What the thread begins with; the arrays of the scans are shared. */
export interface RegionWork extends RegionSettings {
  readonly scans: readonly SampledScan[];
}

/** A region to make: which scan, and what its draws are keyed by. */
export interface RegionOrder {
  readonly scan: number;
  readonly round: number;
  readonly repeat: number;
}

const { scans, sample, seed } = workerData as RegionWork;

parentPort?.on("message", (orders: readonly RegionOrder[]) => {
  const regions = orders.map(({ scan, round, repeat }) =>
    drawSample(scans[scan] as SampledScan, sample, { seed, epoch: round, repeat }),
  );
  const moved = regions.flatMap(({ image, mask }) => [image.buffer, ...(mask === undefined ? [] : [mask.buffer])]);
  parentPort?.postMessage(regions, moved as ArrayBuffer[]);
});
