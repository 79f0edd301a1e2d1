import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

import { connectedComponents, removeSmallComponents, type Connectivity } from "./components.js";
import { GRID, maskOn } from "./testing/patients.js";
import { LPS_AXES, type Grid } from "./volume.js";

test("a step over a face joins always, over an edge from 18 on, over a corner with 26", () => {
  const pieces = (to: readonly [number, number, number]): number[] =>
    ([6, 18, 26] as const).map((n) => connectedComponents(maskOn(GRID, [[1, 1, 1], to]), n).components.length);
  for (const face of [
    [2, 1, 1],
    [1, 0, 1],
    [1, 1, 2],
  ] as const) {
    expect(pieces(face)).toEqual([1, 1, 1]);
  }
  for (const edge of [
    [0, 2, 1],
    [2, 2, 1],
    [1, 0, 2],
    [1, 2, 2],
    [0, 1, 2],
    [2, 1, 0],
  ] as const) {
    expect(pieces(edge)).toEqual([2, 1, 1]);
  }
  for (const corner of [
    [0, 0, 0],
    [2, 0, 2],
    [0, 2, 2],
    [2, 2, 2],
  ] as const) {
    expect(pieces(corner)).toEqual([2, 2, 1]);
  }
  expect(pieces([1, 3, 1])).toEqual([2, 2, 2]); // a voxel between
});

test("a row's end does not touch the next row's beginning", () => {
  const neighboursInMemory = [
    [
      [2, 0, 0],
      [0, 1, 0],
    ],
    [
      [2, 3, 0],
      [0, 0, 1],
    ],
  ] as const;
  for (const pair of neighboursInMemory) {
    expect(connectedComponents(maskOn(GRID, pair), 26).components.length).toBe(2);
  }
});

test("a component says where it is and how large", () => {
  const mask = maskOn(GRID, [
    [0, 0, 0],
    [1, 2, 4],
    [2, 2, 4],
    [1, 3, 4],
  ]);
  const { labels, components } = connectedComponents(mask, 6);
  expect(components).toEqual([
    {
      label: 1,
      voxels: 1,
      centre: { x: 0, y: 0, z: 0 },
      box: { from: { x: 0, y: 0, z: 0 }, size: { x: 1, y: 1, z: 1 } },
    },
    {
      label: 2,
      voxels: 3,
      centre: { x: 4 / 3, y: 7 / 3, z: 4 },
      box: { from: { x: 1, y: 2, z: 4 }, size: { x: 2, y: 2, z: 1 } },
    },
  ]);
  expect(labels.filter((label) => label === 2).length).toBe(3);
  expect(labels[1 + 3 * (3 + 4 * 4)]).toBe(2);
});

test("an empty mask has no component, a full one has one", () => {
  expect(connectedComponents(maskOn(GRID, []), 26).components).toEqual([]);
  const full = connectedComponents({ ...maskOn(GRID, []), voxels: new Uint8Array(60).fill(9) }, 6);
  expect(full.components).toEqual([
    { label: 1, voxels: 60, centre: { x: 1, y: 1.5, z: 2 }, box: { from: { x: 0, y: 0, z: 0 }, size: GRID.size } },
  ]);
});

interface ScipyCase {
  readonly size: readonly [number, number, number];
  readonly connectivity: Connectivity;
  readonly mask: readonly number[];
  readonly labels: readonly number[];
  readonly centres: readonly (readonly number[])[];
}
// scipy.ndimage.label and center_of_mass, by scripts/golden/imaging.py
const cases = JSON.parse(
  readFileSync(new URL("testing/components.golden.json", import.meta.url), "utf8"),
) as readonly ScipyCase[];

test.each(cases)("scipy finds the same components: $size, $connectivity neighbours", (golden) => {
  const [x, y, z] = golden.size;
  const grid: Grid = { ...GRID, size: { x, y, z }, axes: LPS_AXES };
  const { labels, components } = connectedComponents(
    { meaning: "label", grid, voxels: Uint8Array.from(golden.mask) },
    golden.connectivity,
  );
  expect([...labels]).toEqual(golden.labels);
  expect(components.map(({ centre }) => [centre.x, centre.y, centre.z])).toEqual(
    golden.centres.map((centre): unknown => centre.map((part): unknown => expect.closeTo(part, 9))),
  );
});

test("components below a volume go, others keep their labels", () => {
  // One voxel is 0.75 · 0.5 · 2.5 = 0.9375 mm³.
  const mask = maskOn(GRID, [
    [0, 0, 0],
    [1, 2, 4],
    [2, 2, 4],
  ]);
  mask.voxels[2 + 3 * (2 + 4 * 4)] = 5;
  const without = removeSmallComponents(mask, 1.875, 6); // exactly two voxels stay
  expect([...without.voxels].flatMap((label, i) => (label ? [[i, label]] : []))).toEqual([
    [1 + 3 * (2 + 4 * 4), 1],
    [2 + 3 * (2 + 4 * 4), 5],
  ]);
  expect(removeSmallComponents(mask, 1.9, 6).voxels.every((label) => label === 0)).toBe(true);
  expect(removeSmallComponents(mask, 0).voxels).toEqual(mask.voxels);
  expect(mask.voxels[0]).toBe(1); // the given mask is left alone
});
