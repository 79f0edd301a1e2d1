import { RandomSource } from "@multirnet/base";
import { LPS_AXES } from "@multirnet/imaging";
import { expect, test } from "vitest";

import type { PreparedCase } from "../dataset/index.js";
import { madePrepared } from "../dataset/testing/prepared.js";
import { planOf, type Plan } from "./plan.js";
import { regionsHere, type RegionSettings, type RegionSource } from "./region-source.js";
import { regionsAhead } from "./regions-ahead.js";
import { Upcoming } from "./upcoming.js";

const size = { x: 24, y: 20, z: 12 };
const grid = { size, spacingMm: { x: 1, y: 1, z: 2 }, originMm: { x: 0, y: 0, z: 0 }, axes: LPS_AXES };

/** Noise, in shared memory as the cache has it, or not; every second one has a mask. */
const cases = ["a", "b", "c", "d", "e"].map((name, index): PreparedCase => {
  const random = new RandomSource("noise", name);
  const voxels = size.x * size.y * size.z;
  const image = new Uint16Array(index < 3 ? new SharedArrayBuffer(2 * voxels) : new ArrayBuffer(2 * voxels));
  for (let i = 0; i < voxels; i++) image[i] = random.integer(65536);
  return madePrepared({
    entry: { name },
    grid,
    image,
    ...(index % 2 === 0 ? { mask: Uint8Array.from(image, (value) => Number(value > 60_000)) } : {}),
    components: index % 2 === 0 ? [{ voxels: 40, centre: { x: 12, y: 10, z: 6 }, places: [5, 77] }] : [],
    places: Uint32Array.from({ length: 50 }, (_, i) => i * 100),
  });
});

const settings: RegionSettings = {
  seed: 3,
  sample: {
    region: { x: 16, y: 16, z: 8 },
    aim: "centre",
    backgroundShare: 0.3,
    insideBody: false,
    augmentation: { flipLeftRight: 0.5, noise: 1, elastic: 0.5, gamma: 0.5, sliceThickness: 0.5 },
  },
};
const plan: Plan = planOf(cases, {
  seed: 3,
  batchSize: 2,
  sampling: { aim: "centre", backgroundShare: 0.3, insideBody: false, regionsPerCase: 2, balance: [] },
  optimiser: { accumulate: 2 },
});

/** All regions of two epochs, from a step of the first on. */
async function regionsOf(source: RegionSource, step = 0): Promise<unknown[]> {
  const upcoming = new Upcoming(plan, source, { epoch: 0, step, epochs: 2 });
  const found: unknown[] = [];
  for (const epoch of [0, 1]) {
    for (let ready = await upcoming.next(epoch); ready !== undefined; ready = await upcoming.next(epoch)) {
      found.push({
        epoch,
        index: ready.index,
        batches: ready.batches.map((batch) => batch.map(({ prepared, region }) => [prepared.entry.name, region])),
      });
    }
  }
  await source.close();
  return found;
}

test.each([1, 2])("regions made ahead on %i threads are those made here", async (threads) => {
  const here = await regionsOf(regionsHere(settings));
  // Ten looks in batches of two, and two batches a step: three steps an epoch, the last of one batch.
  expect(here).toHaveLength(6);
  expect(await regionsOf(regionsAhead(cases, settings, threads))).toEqual(here);
  expect(await regionsOf(regionsAhead(cases, settings, threads), 2)).toEqual(here.slice(2));
});

test("an epoch of which no step is left has none, and the next begins at its first", async () => {
  const upcoming = new Upcoming(plan, regionsHere(settings), { epoch: 0, step: 3, epochs: 2 });
  expect(await upcoming.next(0)).toBeUndefined();
  expect(await upcoming.next(1)).toMatchObject({ index: 0 });
});

test("a fault on the thread is told where the regions are asked for, and does not hang", async () => {
  const [broken] = cases as [PreparedCase];
  const { grid: _, ...withoutGrid } = broken;
  const source = regionsAhead([withoutGrid as unknown as PreparedCase], settings, 1);
  const [step] = planOf([withoutGrid as unknown as PreparedCase], {
    seed: 3,
    batchSize: 1,
    sampling: { aim: "centre", backgroundShare: 0, insideBody: false, regionsPerCase: 1, balance: [] },
    optimiser: { accumulate: 1 },
  })(0);
  if (step === undefined) throw new Error("no step");
  source.expect(step);
  await expect(source.take(step)).rejects.toThrow(
    "the thread that makes regions ready failed: Cannot read properties of undefined (reading 'size')",
  );
  await source.close();
});
