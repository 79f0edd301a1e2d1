import { expect, test } from "vitest";

import { patientPoint, sameGrid } from "./grid.js";
import { orientation, orientLike, orientTo } from "./orientation.js";
import { LPS_AXES, voxelIndex, type Grid, type Volume } from "./volume.js";

// Unequal on purpose: a swapped axis must change the answer.
const grid: Grid = {
  size: { x: 3, y: 4, z: 5 },
  spacingMm: { x: 0.7, y: 0.8, z: 2.5 },
  originMm: { x: -11, y: 23, z: -37 },
  axes: LPS_AXES,
};
const voxels = Uint8Array.from({ length: 60 }, (_, i) => i);
const volume: Volume<"label"> = { meaning: "label", grid, voxels };

const codes = ["LPS", "LSP", "PLS", "PSL", "SLP", "SPL"].flatMap((letters) =>
  [0, 1, 2, 3, 4, 5, 6, 7].map((flips) =>
    Array.from(letters, (letter, i) => ((flips >> i) & 1 ? { L: "R", P: "A", S: "I" }[letter] : letter)).join(""),
  ),
);

test("there are 48 orientations", () => {
  expect(new Set(codes).size).toBe(48);
});

test.each(codes)("orienting to %s and back is the identity bit for bit, and every voxel stays where it was", (code) => {
  const turned = orientTo(volume, code);
  expect(orientation(turned.grid)).toBe(code);
  for (const index of [
    { x: 0, y: 0, z: 0 },
    { x: 1, y: 0, z: 0 },
    { x: 0, y: 1, z: 1 },
    { x: 2, y: 1, z: 2 },
  ]) {
    const value = turned.voxels[voxelIndex(turned.grid, index)] ?? -1; // also the voxel's index in the source
    const source = { x: value % 3, y: Math.floor(value / 3) % 4, z: Math.floor(value / 12) };
    const [there, here] = [patientPoint(turned.grid, index), patientPoint(grid, source)];
    for (const axis of ["x", "y", "z"] as const) expect(there[axis]).toBeCloseTo(here[axis], 9);
  }
  const back = orientTo(turned);
  expect(back.voxels).toEqual(voxels);
  expect(sameGrid(back.grid, grid, 1e-9)).toBe(true);
  expect(orientLike(turned, grid)).toEqual(volume); // the grid too, to the last bit
});
