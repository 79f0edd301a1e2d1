import { expect, test } from "vitest";

import { surfaceElementAreasMm2 } from "./surface-elements.js";

// Bit i of a code is the voxel at x = i >> 2, y = i & 1, z = (i >> 1) & 1. At this spacing the faces of a voxel measure
// 12, 3 and 4 mm² across x, y and z, whose roots of sums of squares are whole: 3, 4 → 5 and 5, 12 → 13.
const areas = surfaceElementAreasMm2({ x: 1, y: 4, z: 3 });

test.each([
  { says: "nothing where all voxels are outside", code: 0b00000000, areaMm2: 0 },
  { says: "nothing where all voxels are inside", code: 0b11111111, areaMm2: 0 },
  { says: "a triangle, an eighth of each face, at one voxel", code: 0b00000001, areaMm2: 13 / 8 },
  { says: "the same at one voxel missing", code: 0b01111111, areaMm2: 13 / 8 },
  { says: "half a diagonal plane at two voxels along x", code: 0b00010001, areaMm2: 5 / 2 },
  { says: "half a diagonal plane at two voxels along y", code: 0b00000011, areaMm2: Math.hypot(12, 4) / 2 },
  { says: "half a diagonal plane at two voxels along z", code: 0b00000101, areaMm2: Math.hypot(12, 3) / 2 },
  { says: "a whole face at four voxels of one x", code: 0b00001111, areaMm2: 12 },
  { says: "two triangles at two voxels that meet in a corner only", code: 0b10000001, areaMm2: 13 / 4 },
  { says: "half a face and a trapezoid at three voxels of one x", code: 0b00000111, areaMm2: 12 / 2 + (3 * 13) / 8 },
])("the surface is $says", ({ code, areaMm2 }) => {
  expect(areas[code]).toBeCloseTo(areaMm2, 12);
});

test("inside and outside have the same surface", () => {
  for (const code of areas.keys()) expect(areas[code]).toBeCloseTo(areas[255 - code] ?? NaN, 12);
});
