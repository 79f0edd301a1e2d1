import { isNotGiven } from "@multirnet/base";
import { aboutEngine, setThreads, threads } from "@multirnet/engine";
import { expect, test } from "vitest";

import { repeated } from "./repeated.js";
import { roofline } from "./roofline.js";
import { rowsText } from "./row.js";

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
  let done = 0;
  const slow = (): void => {
    const end = performance.now() + 2;
    while (performance.now() < end) done += 0;
    done++;
  };
  const { least, median, most } = repeated(slow, 0);
  expect(done).toBe(5);
  expect(least).toBeGreaterThanOrEqual(2);
  expect(median).toBeGreaterThanOrEqual(least);
  expect(most).toBeGreaterThanOrEqual(median);
  done = 0;
  repeated(slow, 20);
  expect(done).toBeGreaterThan(5);
});
