import { expect, test } from "vitest";

import type { PreparedCase } from "../dataset/prepared-case.js";
import { madePrepared } from "../dataset/testing/prepared.js";
import { balancedVisits, groupsOf } from "./balance.js";

const names = ["a1", "a2", "a3", "a4", "a5", "b1", "c1", "c2"];
const visits = (epoch: number): { of: string; repeat: number }[] =>
  balancedVisits(names, (name) => name[0] ?? "", { seed: 1, epoch }).map(({ of, repeat }) => ({ of, repeat }));

test("groups are seen equally often to within one, as many looks as there are cases", () => {
  for (let epoch = 0; epoch < 20; epoch++) {
    const seen = visits(epoch);
    expect(seen).toHaveLength(8);
    const counts = ["a", "b", "c"].map((group) => seen.filter(({ of }) => of.startsWith(group)).length);
    expect(counts.toSorted()).toEqual([2, 3, 3]);
  }
});

test("a group goes through its own cases before one comes again, and then says how often it came", () => {
  for (let epoch = 0; epoch < 20; epoch++) {
    const seen = visits(epoch);
    const repeats = seen.filter(({ of }) => of === "b1").map(({ repeat }) => repeat);
    expect(repeats).toEqual(repeats.map((_, i) => i));
    const largest = seen.filter(({ of }) => of.startsWith("a"));
    expect(new Set(largest.map(({ of }) => of)).size).toBe(largest.length);
    expect(new Set(seen.map(({ of, repeat }) => `${of} ${String(repeat)}`)).size).toBe(8); // no two looks alike
  }
});

test("over many rounds every case of a large group has its turn, and no group goes first", () => {
  const seen = Array.from({ length: 60 }, (_, epoch) => visits(epoch));
  const counts = ["a1", "a2", "a3", "a4", "a5"].map((name) => seen.flat().filter(({ of }) => of === name).length);
  for (const count of counts) expect(count).toBeGreaterThan(60 * (8 / 3 / 5) * 0.6);
  const first = ["a", "b", "c"].map((group) => seen.filter(([one]) => one?.of.startsWith(group)).length);
  for (const count of first) expect(count).toBeGreaterThan(10);
});

test("the order is the seed's and the round's", () => {
  expect(visits(3)).toEqual(visits(3));
  expect(visits(3)).not.toEqual(visits(4));
});

test("cases are grouped by all that is asked for together", () => {
  const made = (name: string, voxels: number | undefined, facts: object): PreparedCase =>
    madePrepared({
      entry: { name, ...facts },
      ...(voxels === undefined ? {} : { mask: new Uint8Array(1) }),
      components: voxels === undefined || voxels === 0 ? [] : [{ voxels, centre: { x: 0, y: 0, z: 0 }, places: [] }],
    });
  const cases = [
    made("none", 0, { diagnosis: "normal", source: "x" }),
    made("unknown", undefined, { source: "x" }),
    made("least", 3, { diagnosis: "cap", source: "y" }),
    made("middle", 10, { diagnosis: "cap", source: "x" }),
    made("most", 400, { diagnosis: "cap", source: "x" }),
  ];
  const groups = (...balance: ("diagnosis" | "source" | "severity")[]): string[] => cases.map(groupsOf(cases, balance));
  expect(groups("diagnosis")).toEqual(['["normal"]', '["not known"]', '["cap"]', '["cap"]', '["cap"]']);
  expect(groups("severity")).toEqual(['["none"]', '["not known"]', '["small"]', '["middle"]', '["large"]']);
  expect(groups("source", "diagnosis")[2]).toBe('["y","cap"]');
});
