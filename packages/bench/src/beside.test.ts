import { isNotGiven } from "@multirnet/base";
import { expect, test } from "vitest";

import { besidePeer } from "./beside.js";
import { grown } from "./growth.js";
import { Peer } from "./peer.js";
import { imagingRows } from "./imaging.js";
import { metricsRows } from "./metrics.js";
import { inferRows, trainRows } from "./networks.js";
import { rowsText } from "./row.js";

const SIZE = { x: 64, y: 48, z: 20 };
const PYTHON = "/usr/bin/python3";

async function missing(work: Record<string, unknown>): Promise<string | undefined> {
  const peer = new Peer(PYTHON);
  const found = await peer.prepare(work);
  peer.end();
  return "undefined" in found ? found.undefined : undefined;
}
const noScipy = await missing({ work: "components", mask: "/dev/null", size: [0, 0, 0] });

test("both sides take turns, and the ratio is that of the medians", async () => {
  const order: string[] = [];
  const theirs = [40, 10, 20, 30];
  const row = await besidePeer(
    { name: "a", run: () => void order.push("ours"), numbers: () => [1, 2], tolerance: 1e-6 },
    {
      version: "peer 1",
      run: () => {
        order.push("theirs");
        return Promise.resolve(theirs.shift() ?? 0);
      },
      numbers: () => Promise.resolve([1, 2 + 1e-7]),
    },
    3,
  );
  // A turn that does not count, then three, each begun by the other.
  expect(order).toEqual(["theirs", "ours", "ours", "theirs", "theirs", "ours", "ours", "theirs"]);
  expect(row).toMatchObject({ name: "a", peer: 20, unit: "ms", beside: "peer 1" });
  expect(row.ratio).toBe(row.ours / 20);
});

test("what finds something else than its peer is not timed", async () => {
  const own = { name: "a", run: () => undefined, numbers: () => [1, 2], tolerance: 0.01 };
  const peer = { version: "1", run: () => Promise.resolve(1) };
  await expect(besidePeer(own, { ...peer, numbers: () => Promise.resolve([1, 2.1]) }, 1)).rejects.toThrow(
    "a: we found 1, 2, the peer 1, 2.1",
  );
  await expect(besidePeer(own, { ...peer, numbers: () => Promise.resolve([1]) }, 1)).rejects.toThrow("we found");
});

test("without a peer there are times, and why there is no ratio", async () => {
  const peer = new Peer("/nowhere/python");
  const work = await peer.prepare({ work: "nifti" });
  expect(work).toEqual({ undefined: "/nowhere/python with numpy could not be run" });
  const row = await besidePeer({ name: "a", run: () => undefined, numbers: () => [], tolerance: 0 }, work, 2);
  expect(row.ours).toBeGreaterThanOrEqual(0);
  expect(isNotGiven(row.peer) && isNotGiven(row.ratio)).toBe(true);
  expect(rowsText([row])).toContain("| a |");
});

test.skipIf(noScipy !== undefined)("images and masks: the peers find what we find", async () => {
  const options = { size: SIZE, turns: 1, python: PYTHON };
  const rows = [...(await imagingRows(options)), ...(await metricsRows(options))];
  expect(rows).toHaveLength(5);
  for (const { ours, ratio, name } of rows) {
    expect(name).toContain("64×48×20");
    expect(ours).toBeGreaterThan(0);
    if (!isNotGiven(ratio)) expect(ratio).toBeGreaterThan(0);
  }
});

test("networks are timed beside themselves without the fast path, forward and in training", async () => {
  const options = { network: "multirnet", preset: "small", space: [16, 32, 32], batch: 1, turns: 1 };
  const [forward, memory] = await inferRows(options);
  expect(forward?.name).toBe("multirnet small: forward, 1×1×16×32×32");
  expect(forward?.ratio).toBeGreaterThan(0);
  expect(memory?.unit).toBe("MiB");
  expect(memory?.ours).toBeGreaterThan(10);
  const [step] = await trainRows(options);
  expect(step?.name).toBe("multirnet small: training step, 1×1×16×32×32");
  expect(step?.ratio).toBeGreaterThan(0);
});

test("a network of photographs is given what it takes", async () => {
  const [forward] = await inferRows({ network: "densenet121-2d", preset: "small", batch: 2, longer: 2, turns: 1 });
  expect(forward?.name).toBe("densenet121-2d small: forward, 2×3×448×224");
});

test("growth is told against work that grows with it", async () => {
  const row = { oursFrom: 0, oursTo: 0, peer: 1, ratio: 1, unit: "ms" };
  const rows = await grown([1, 2, 4], (size) => [
    { ...row, name: "linear", ours: 10 * size },
    { ...row, name: "square", ours: 3 * size * size },
  ]);
  expect(rows.map(({ name, growth }) => [name, growth])).toEqual([
    ["linear", 1],
    ["linear", 1],
    ["linear", 1],
    ["square", 1],
    ["square", 2],
    ["square", 4],
  ]);
});
