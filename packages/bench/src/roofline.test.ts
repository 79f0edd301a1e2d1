import { isNotGiven } from "@multirnet/base";
import { aboutEngine, setThreads, threads } from "@multirnet/engine";
import { afterEach, expect, test, vi } from "vitest";

import { repeated } from "./repeated.js";
import { roofline } from "./roofline.js";
import { rowsText } from "./row.js";

afterEach(() => void vi.restoreAllMocks());

test("a roofline has three rows for one thread and three for all, and leaves threads and tensors as they were", () => {
  setThreads(2);
  const before = aboutEngine().liveTensors;
  const rows = roofline({ milliseconds: 1, scale: 1 / 16 });
  expect(rows.map(({ name }) => name.replace(/.*, /, ""))).toEqual([
    ...Array.from({ length: 3 }, () => "1 thread"),
    ...Array.from({ length: 3 }, () => "2 threads"),
  ]);
  for (const { ours, oursFrom, oursTo, peer } of rows) {
    expect(oursFrom).toBeGreaterThan(0);
    expect(ours).toBeGreaterThanOrEqual(oursFrom);
    expect(oursTo).toBeGreaterThanOrEqual(ours);
    expect(isNotGiven(peer)).toBe(true);
  }
  expect(threads()).toBe(2);
  expect(aboutEngine().liveTensors).toBe(before);
  expect(rowsText(rows).split("\n")).toHaveLength(8);
});

test("a work is done until its time is over, at least three times after two that do not count", () => {
  let now = 100;
  vi.spyOn(performance, "now").mockImplementation(() => now);
  let done = 0;
  const work = (): void => void (now += [50, 40, 4, 2, 3][done++] ?? 5); // ms: the first two do not count
  expect(repeated(work, 0)).toEqual({ least: 2, median: 3, most: 4 });
  expect(done).toBe(5);
  done = 0;
  expect(repeated(work, 20)).toEqual({ least: 2, median: 5, most: 5 }); // 4, 2, 3, and 5 until 20 are over
  expect(done).toBe(8);
});
