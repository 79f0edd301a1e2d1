import { expect, test } from "vitest";

import { bodyBox } from "./body.js";
import { wholeBox } from "./box.js";
import { GRID } from "./testing/patients.js";
import type { Grid, Volume, Xyz } from "./volume.js";

// Blocks of 4 mm are 2 × 4 × 1 voxels.
const grid: Grid = { ...GRID, size: { x: 20, y: 44, z: 6 }, spacingMm: { x: 2, y: 1, z: 5 } };

function scanOf(
  ...boxes: readonly { readonly from: Xyz; readonly to: Xyz; readonly hu: number }[]
): Volume<"hounsfield"> {
  const voxels = new Float32Array(20 * 44 * 6).fill(-1000);
  for (const { from, to, hu } of boxes) {
    for (let z = from.z; z < to.z; z++) {
      for (let y = from.y; y < to.y; y++) voxels.fill(hu, from.x + 20 * (y + 44 * z), to.x + 20 * (y + 44 * z));
    }
  }
  return { meaning: "hounsfield", grid, voxels };
}

const body = { from: { x: 4, y: 8, z: 1 }, to: { x: 16, y: 28, z: 6 }, hu: 40 };
const lung = { from: { x: 6, y: 12, z: 1 }, to: { x: 14, y: 24, z: 6 }, hu: -850 };
const table = { from: { x: 0, y: 36, z: 0 }, to: { x: 20, y: 37, z: 6 }, hu: 200 }; // 1 mm: a quarter of its blocks

test("the body's box holds the lungs, and neither table nor air", () => {
  expect(bodyBox(scanOf(body, lung, table))).toEqual({ from: { x: 4, y: 8, z: 1 }, size: { x: 12, y: 20, z: 5 } });
});

test("of two pieces the larger is the body", () => {
  const arm = { from: { x: 0, y: 8, z: 0 }, to: { x: 2, y: 16, z: 6 }, hu: 40 };
  expect(bodyBox(scanOf(arm, body, lung))).toEqual({ from: { x: 4, y: 8, z: 1 }, size: { x: 12, y: 20, z: 5 } });
});

test("the box ends where the scan ends, also within a block", () => {
  const wide = { from: { x: 0, y: 0, z: 0 }, to: { x: 20, y: 44, z: 6 }, hu: 40 };
  expect(bodyBox(scanOf(wide))).toEqual(wholeBox(grid));
});

test("without tissue it is the whole scan", () => {
  expect(bodyBox(scanOf())).toEqual(wholeBox(grid));
});

test("one slice of one voxel", () => {
  const size = { x: 1, y: 1, z: 1 };
  const one = { meaning: "hounsfield" as const, grid: { ...grid, size }, voxels: Float32Array.of(40) };
  expect(bodyBox(one)).toEqual({ from: { x: 0, y: 0, z: 0 }, size });
});
