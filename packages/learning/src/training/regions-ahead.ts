import { Worker } from "node:worker_threads";

import { messageOf } from "@multirnet/base";

import type { PreparedCase } from "../dataset/index.js";
import { LearningError } from "../errors.js";
import type { Region, SampledScan } from "../sampling/index.js";
import type { StepPlan } from "./plan.js";
import type { RegionSettings, RegionSource } from "./region-source.js";
import type { RegionOrder, RegionWork } from "./region-worker.js";

/** The built worker: beside this file where that is built, and in `dist` where it is a source. */
const WORKER = new URL("../../dist/training/region-worker.js", import.meta.url);

/**
 * Makes regions on other threads, ahead of the step that asks for them; steps are dealt out in turn, and come back in the order in which they were told. What is drawn does not depend on the threads, so
 * the regions are those of `regionsHere`.
 *
 * @param cases all that steps will name; their arrays are shared with the threads, not copied, where they lie in shared memory
 */
export function regionsAhead(
  cases: readonly PreparedCase[],
  { sample, seed }: RegionSettings,
  threads: number,
): RegionSource {
  const places = new Map(cases.map((one, place) => [one, place]));
  const scans = cases.map(({ entry, grid, image, mask, components, body, places }): SampledScan => {
    const scan = { entry: { name: entry.name }, grid, image, components, body, places };
    return mask === undefined ? scan : { ...scan, mask };
  });
  const work: RegionWork = { scans, sample, seed };
  const workers = Array.from({ length: threads }, () => new RegionThread(work));
  const waiting: { readonly step: StepPlan; readonly regions: Promise<readonly Region[]> }[] = [];
  let told = 0;
  return {
    expect(step) {
      const orders = step.flat().map(({ prepared, round, repeat }) => {
        return { scan: places.get(prepared) as number, round, repeat };
      });
      const regions = (workers[told++ % threads] as RegionThread).make(orders);
      regions.catch(() => undefined); // heard where it is taken
      waiting.push({ step, regions });
    },
    async take(step) {
      const next = waiting.shift();
      if (next?.step !== step) throw new Error("regions were taken in another order than they were told");
      const regions = await next.regions;
      let at = 0;
      return step.map((batch) => batch.map(({ prepared }) => ({ prepared, region: regions[at++] as Region })));
    },
    async close() {
      await Promise.all(workers.map(async (worker) => worker.end()));
    },
  };
}

/** One thread; it answers in the order in which it was asked. */
class RegionThread {
  readonly #worker: Worker;
  readonly #asked: { resolve: (regions: readonly Region[]) => void; reject: (error: Error) => void }[] = [];
  #failure: LearningError | undefined;

  constructor(work: RegionWork) {
    this.#worker = new Worker(WORKER, { workerData: work });
    this.#worker.on("message", (regions: readonly Region[]) => this.#asked.shift()?.resolve(regions));
    this.#worker.on("error", (error) => {
      this.#fail(messageOf(error), error);
    });
    this.#worker.on("exit", (code) => {
      this.#fail(`it ended with code ${String(code)}`);
    });
  }

  async make(orders: readonly RegionOrder[]): Promise<readonly Region[]> {
    if (this.#failure !== undefined) throw this.#failure;
    return new Promise((resolve, reject) => {
      this.#asked.push({ resolve, reject });
      this.#worker.postMessage(orders);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #fail(because: string, cause?: unknown): void {
    this.#failure ??= new LearningError({ code: "TRAINING_WORKER", because }, { cause });
    for (const { reject } of this.#asked.splice(0)) reject(this.#failure);
  }
}
