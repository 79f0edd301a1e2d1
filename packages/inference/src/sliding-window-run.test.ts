import { setImmediate as later } from "node:timers";

import { expect, test } from "vitest";

import { aboutEngine } from "@multirnet/engine";

import { slideOver, type SlidingOptions } from "./sliding-window.js";
import { ofMean, pointwise, StubNetwork } from "./testing/stub-networks.js";

// Five windows along x: three batches, of two, two and one.
const image = { size: { x: 12, y: 3, z: 2 }, voxels: new Float32Array(72) };
const options: SlidingOptions = {
  region: { x: 4, y: 3, z: 2 },
  overlap: 0.5,
  box: { from: { x: 0, y: 0, z: 0 }, size: image.size },
};
const network = new StubNetwork({
  lesion: pointwise({ slope: 1, offset: 0 }),
  disease: ofMean({ slope: 1, offset: 0 }),
});

test("progress is told after each batch, the last one smaller", async () => {
  const told: string[] = [];
  const { windows } = await slideOver(network, image, {
    ...options,
    onWindow: (done, windows) => told.push(`${done} of ${windows}`),
  });
  expect(windows).toBe(5);
  expect(told).toEqual(["2 of 5", "4 of 5", "5 of 5"]);
});

test("stopped half way, it says how far it came", async () => {
  const stop = new AbortController();
  const done: number[] = [];
  const running = slideOver(network, image, {
    ...options,
    signal: stop.signal,
    onWindow: (windows) => {
      done.push(windows);
      if (windows === 4) stop.abort();
    },
  });
  await expect(running).rejects.toMatchObject({
    code: "INFERENCE_ABORTED",
    message: "stopped after 4 of 5 windows",
    blame: "stop",
  });
  expect(done).toEqual([2, 4]);
});

test("stopped before it starts, the network is not asked", async () => {
  const idle = new StubNetwork({ lesion: pointwise({ slope: 1, offset: 0 }) });
  await expect(slideOver(idle, image, { ...options, signal: AbortSignal.abort() })).rejects.toThrow(
    "stopped after 0 of 5 windows",
  );
  expect(idle.asked).toEqual([]);
});

test("the event loop gets its turn before every batch, so that Ctrl-C and a server's other work are heard", async () => {
  let turns = 0;
  let running = true;
  const count = (): void => {
    turns++;
    if (running) later(count);
  };
  later(count);
  const seen: number[] = [];
  await slideOver(network, image, { ...options, onWindow: () => seen.push(turns) });
  running = false;
  expect(seen.length).toBe(3);
  expect(seen[0]).toBeGreaterThan(0);
  expect(seen[1]).toBeGreaterThan(seen[0] ?? NaN);
  expect(seen[2]).toBeGreaterThan(seen[1] ?? NaN);
});

test("no tensor outlives its window", async () => {
  const { liveTensors, liveBytes } = aboutEngine();
  const held: unknown[] = [];
  await slideOver(network, image, {
    ...options,
    onWindow: () => {
      const now = aboutEngine();
      held.push([now.liveTensors, now.liveBytes]);
    },
  });
  expect(held).toEqual([1, 2, 3].map(() => [liveTensors, liveBytes]));
});

test("nor when a window fails", async () => {
  const broken = new StubNetwork({ lesion: pointwise({ slope: 1, offset: NaN }) });
  const { liveTensors } = aboutEngine();
  await expect(slideOver(broken, image, options)).rejects.toThrow();
  expect(aboutEngine().liveTensors).toBe(liveTensors);
});

test.each([
  {
    what: "a lesion probability",
    answers: { lesion: pointwise({ slope: 1, offset: 0 }, { slope: 1, offset: NaN }) },
  },
  { what: "a diagnosis", answers: { disease: ofMean({ slope: 1, offset: 0 }, { slope: 1, offset: NaN }) } },
  { what: "a diagnosis", answers: { disease: ofMean({ slope: 1, offset: Infinity }) } },
])("weights that give $what that is no number stop it", async ({ what, answers }) => {
  await expect(slideOver(new StubNetwork(answers), image, options)).rejects.toMatchObject({
    code: "INFERENCE_NOT_FINITE",
    message: `the network gave ${what} that is not a number: its weights are damaged, or it does not know such a scan`,
  });
});

test("an infinite logit of a lesion is a probability of 0 or 1", async () => {
  const sure = new StubNetwork({ lesion: pointwise({ slope: 0, offset: Infinity }, { slope: 0, offset: -Infinity }) });
  const { lesion } = await slideOver(sure, image, options);
  expect(lesion).toEqual([new Float32Array(72).fill(1), new Float32Array(72)]);
});

test("the network is run without learning, and with the passes that were asked for", async () => {
  const asked = new StubNetwork({ lesion: pointwise({ slope: 1, offset: 0 }) });
  await slideOver(asked, image, options);
  await slideOver(asked, image, { ...options, passes: 2 });
  expect(asked.asked.map(({ mode, passes }) => [mode, passes])).toEqual([
    ...[1, 2, 3].map(() => ["eval", undefined]),
    ...[1, 2, 3].map(() => ["eval", 2]),
  ]);
});
