import { expect, test } from "vitest";

import type { Grid, Volume } from "@multirnet/imaging";

import { lesionsOf } from "./findings.js";

// Unequal on purpose, and z runs towards the feet: a swapped axis or a forgotten direction must change the answer.
const grid: Grid = {
  size: { x: 6, y: 5, z: 4 },
  spacingMm: { x: 0.5, y: 2, z: 5 },
  originMm: { x: -10, y: 20, z: 300 },
  axes: { x: { x: 1, y: 0, z: 0 }, y: { x: 0, y: 1, z: 0 }, z: { x: 0, y: 0, z: -1 } },
};

function maskOf(...voxels: readonly (readonly [x: number, y: number, z: number, label: number])[]): Volume<"label"> {
  const mask = new Uint8Array(6 * 5 * 4);
  for (const [x, y, z, label] of voxels) mask[x + 6 * (y + 5 * z)] = label;
  return { meaning: "label", grid, voxels: mask };
}

test("lesions come the largest first, with volume, centre and box; types that touch, also at a corner, are one", () => {
  const lesions = lesionsOf(
    maskOf([4, 2, 0, 2], [4, 3, 0, 2], [5, 4, 0, 1], [0, 0, 2, 1], [1, 0, 2, 2], [0, 1, 2, 1], [2, 1, 3, 1]),
  );
  expect(lesions).toEqual([
    {
      voxels: 4,
      ml: expect.closeTo(0.02, 12), // 5 mm³ a voxel
      centreMm: { x: -10 + 0.5 * 0.75, y: 20 + 2 * 0.5, z: 300 - 5 * 2.25 },
      box: { from: { x: 0, y: 0, z: 2 }, size: { x: 3, y: 2, z: 2 } },
    },
    {
      voxels: 3,
      ml: expect.closeTo(0.015, 12),
      centreMm: { x: expect.closeTo(-10 + (0.5 * 13) / 3, 9), y: 26, z: 300 },
      box: { from: { x: 4, y: 2, z: 0 }, size: { x: 2, y: 3, z: 1 } },
    },
  ]);
});

test("an empty mask has no lesion", () => {
  expect(lesionsOf(maskOf())).toEqual([]);
});
