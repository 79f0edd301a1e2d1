import { expect, test } from "vitest";

import { patientPoint, sameGrid } from "./grid.js";
import { orientation, orientLike, orientTo } from "./orientation.js";
import { words } from "./testing/words.js";
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

test("axes go by their largest part and stay oblique", () => {
  const [cos, sin] = [Math.cos(0.6), Math.sin(0.6)]; // 34 degrees about z
  const tilted: Grid = {
    ...grid,
    axes: { x: { x: 0, y: 0, z: -1 }, y: { x: cos, y: sin, z: 0 }, z: { x: -sin, y: cos, z: 0 } },
  };
  expect(orientation(tilted)).toBe("ILP");
  const upright = orientTo({ ...volume, grid: tilted });
  expect(orientation(upright.grid)).toBe("LPS");
  expect(upright.grid.axes).toEqual({ x: tilted.axes.y, y: tilted.axes.z, z: { x: 0, y: 0, z: 1 } });
  expect(upright.grid.size).toEqual({ x: 4, y: 5, z: 3 });
});

test("a volume that already points there is returned itself", () => {
  expect(orientTo(volume, "LPS")).toBe(volume);
});

test.each(["", "LP", "LPSS", "LPL", "LRS", "lps", "XYZ"])("the orientation %j is refused", (code) => {
  expect(words(() => orientTo(volume, code))).toBe(
    `expected three letters, one each of L or R, P or A, S or I, as "LPS", got ${JSON.stringify(code)}`,
  );
});

test("a volume that lies elsewhere is not put onto a grid", () => {
  const moved = { ...grid, originMm: { ...grid.originMm, z: 0 } };
  expect(words(() => orientLike(orientTo(volume, "RAS"), moved))).toBe(
    "the volume and the grid to put it on are not on the same grid: the volume has its first voxel at (-11, 23, -37) mm, " +
      "the grid to put it on has its first voxel at (-11, 23, 0) mm",
  );
});
