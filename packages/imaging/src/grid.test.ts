import { expect, test } from "vitest";

import { gridAtSpacing, patientPoint, requireSameGrid, sameGrid, voxelPoint } from "./grid.js";
import { words } from "./testing/words.js";
import { GRID } from "./testing/patients.js";
import { LPS_AXES, type Grid } from "./volume.js";

/** 30 degrees about z. */
const [cos, sin] = [Math.sqrt(3) / 2, 0.5];
const tilted: Grid = {
  ...GRID,
  axes: { x: { x: cos, y: sin, z: 0 }, y: { x: -sin, y: cos, z: 0 }, z: { x: 0, y: 0, z: 1 } },
};

test("a voxel's place follows the axes, and comes back", () => {
  // 2 voxels of 0.75 mm along (√3/2, 1/2), 3 of 0.5 mm along (-1/2, √3/2), 1 of 2.5 mm along z.
  const place = patientPoint(tilted, { x: 2, y: 3, z: 1 });
  expect(place.x).toBeCloseTo(-11 + 1.5 * cos - 1.5 * sin, 12);
  expect(place.y).toBeCloseTo(23 + 1.5 * sin + 1.5 * cos, 12);
  expect(place.z).toBeCloseTo(-34.5, 12);
  const index = voxelPoint(tilted, place);
  expect([index.x, index.y, index.z]).toEqual([2, 3, 1].map((i): unknown => expect.closeTo(i, 12)));
});

test("grids are the same within a twentieth of a voxel at every corner, and not beyond", () => {
  const moved = (mm: number): Grid => ({ ...GRID, originMm: { ...GRID.originMm, y: 23 + mm } });
  expect(sameGrid(GRID, moved(0.024))).toBe(true); // of 0.5 mm
  expect(sameGrid(GRID, moved(0.026))).toBe(false);
  expect(sameGrid(GRID, moved(0.026), 0.1)).toBe(true);
  const stretched = (z: number): Grid => ({ ...GRID, spacingMm: { ...GRID.spacingMm, z } }); // four steps of it
  expect(sameGrid(GRID, stretched(2.53))).toBe(true);
  expect(sameGrid(GRID, stretched(2.532))).toBe(false);
  expect(sameGrid(GRID, { ...GRID, size: { x: 3, y: 4, z: 6 } })).toBe(false);
  expect(sameGrid(GRID, { ...GRID, size: { x: 4, y: 3, z: 5 } })).toBe(false);
});

const scan = { name: "the scan", grid: GRID };
test.each([
  {
    what: "size",
    grid: { ...GRID, size: { x: 3, y: 4, z: 6 } },
    how: "the scan has 3×4×5 voxels, the mask has 3×4×6 voxels",
  },
  {
    what: "spacing",
    grid: { ...GRID, spacingMm: { x: 0.75, y: 0.5, z: 1.25 } },
    how: "the scan has (0.75, 0.5, 2.5) mm between voxels, the mask has (0.75, 0.5, 1.25) mm between voxels",
  },
  {
    what: "directions",
    grid: { ...GRID, axes: { ...LPS_AXES, z: { x: 0, y: 0, z: -1 } } },
    how: "the scan has the axes (1, 0, 0), (0, 1, 0), (0, 0, 1), the mask has the axes (1, 0, 0), (0, 1, 0), (0, 0, -1)",
  },
  {
    what: "place",
    grid: { ...GRID, originMm: { x: -11, y: 23, z: -38.5 } },
    how: "the scan has its first voxel at (-11, 23, -37) mm, the mask has its first voxel at (-11, 23, -38.5) mm",
  },
  {
    what: "a trifle",
    grid: { ...GRID, originMm: { x: -11, y: 23, z: -37.126 } },
    how: "the scan has its first voxel at (-11, 23, -37) mm, the mask has its first voxel at (-11, 23, -37.126) mm",
  },
])("a mask on another grid is told what differs: $what", ({ grid, how }) => {
  expect(words(() => requireSameGrid(scan, { name: "the mask", grid }))).toBe(
    `the scan and the mask are not on the same grid: ${how}`,
  );
});

test("grids that differ by less than the words have digits are told how far they lie apart", () => {
  const size = { x: 3, y: 4, z: 40_001 }; // 40 000 steps of 4 nm
  const finer = { ...GRID, size, spacingMm: { ...GRID.spacingMm, z: 2.500004 } };
  expect(words(() => requireSameGrid({ name: "a.nii", grid: { ...GRID, size } }, { name: "b.nii", grid: finer }))).toBe(
    "a.nii and b.nii are not on the same grid: their voxels lie up to 0.16 mm apart",
  );
});

test("a mask on the same grid passes", () => {
  expect(() => requireSameGrid(scan, { name: "the mask", grid: { ...GRID } })).not.toThrow();
});

test("another spacing keeps the outer edges, and the size is rounded", () => {
  // Extents 3 · 0.75 = 2.25, 4 · 0.5 = 2 and 5 · 2.5 = 12.5 mm; at 1, 0.4 and 5 mm: 2.25, 5 and 2.5 voxels.
  const grid = gridAtSpacing(GRID, { x: 1, y: 0.4, z: 5 });
  expect(grid.size).toEqual({ x: 2, y: 5, z: 3 });
  expect(grid.spacingMm.x).toBeCloseTo(2.25 / 2, 12);
  expect(grid.spacingMm.y).toBeCloseTo(2 / 5, 12);
  expect(grid.spacingMm.z).toBeCloseTo(12.5 / 3, 12);
  for (const axis of ["x", "y", "z"] as const) {
    const edge = (g: Grid): number => g.originMm[axis] - g.spacingMm[axis] / 2;
    expect(edge(grid)).toBeCloseTo(edge(GRID), 12);
    expect(edge(grid) + grid.size[axis] * grid.spacingMm[axis]).toBeCloseTo(
      edge(GRID) + GRID.size[axis] * GRID.spacingMm[axis],
      12,
    );
  }
});

test("another spacing keeps the edges of an oblique grid too", () => {
  const grid = gridAtSpacing(tilted, { x: 1, y: 0.4, z: 5 });
  const corner = (g: Grid): number[] => Object.values(patientPoint(g, { x: -0.5, y: -0.5, z: -0.5 }));
  expect(corner(grid)).toEqual(corner(tilted).map((mm): unknown => expect.closeTo(mm, 12)));
});

test("at least one voxel stays, and the own spacing gives the own grid", () => {
  expect(gridAtSpacing(GRID, { x: 100, y: 100, z: 100 }).size).toEqual({ x: 1, y: 1, z: 1 });
  expect(gridAtSpacing(GRID, GRID.spacingMm)).toEqual(GRID);
});

test.each([0, -0, -1.5, NaN, Infinity])("a spacing of %s mm is refused", (mm) => {
  expect(words(() => gridAtSpacing(GRID, { x: 1, y: mm, z: 2 }))).toBe(
    `expected a spacing above 0 mm on each axis, got (1, ${mm === 0 ? 0 : mm}, 2)`,
  );
});

test("a spacing so fine that memory would not do is refused before memory is asked for", () => {
  expect(words(() => gridAtSpacing(GRID, { x: 0.001, y: 0.001, z: 0.001 }))).toBe(
    "the volume would have 2250×2000×12500 voxels, more than the 1073741824 that are allowed",
  );
});
