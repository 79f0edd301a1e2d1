import { expect, test } from "vitest";

import { LPS_AXES, orientTo, type Volume } from "@multirnet/imaging";

import { sliceOf, tiltDegrees, upright } from "./plane.js";

// 2 × 3 × 4 voxels, each its own number: 100·x + 10·y + z, in LPS.
const size = { x: 2, y: 3, z: 4 };
const volume: Volume<"label"> = {
  meaning: "label",
  grid: { size, spacingMm: { x: 0.7, y: 0.8, z: 2.5 }, originMm: { x: 1, y: 2, z: 3 }, axes: LPS_AXES },
  voxels: Uint8Array.from({ length: 24 }, (_, i) => 100 * (i % 2) + 10 * (Math.floor(i / 2) % 3) + Math.floor(i / 6)),
};

// By hand from the conventions: right of the patient and front first in axial, head on top in the others.
test.each(["LPS", "RAS", "LPI", "SRA", "PIR"])("planes of a scan stored as %s are hung alike", (code) => {
  const scan = upright(orientTo(volume, code));
  expect(sliceOf(scan, "axial", 1)).toEqual({
    width: 2,
    height: 3,
    pixelMm: { across: 0.7, down: 0.8 },
    values: Uint8Array.of(1, 101, 11, 111, 21, 121),
  });
  expect(sliceOf(scan, "coronal", 2)).toEqual({
    width: 2,
    height: 4,
    pixelMm: { across: 0.7, down: 2.5 },
    values: Uint8Array.of(23, 123, 22, 122, 21, 121, 20, 120),
  });
  expect(sliceOf(scan, "sagittal", 1)).toEqual({
    width: 3,
    height: 4,
    pixelMm: { across: 0.8, down: 2.5 },
    values: Uint8Array.of(103, 113, 123, 102, 112, 122, 101, 111, 121, 100, 110, 120),
  });
});

test("the tilt is the largest angle to an axis of the patient", () => {
  const turn = (degrees: number): { c: number; s: number } => ({
    c: Math.cos((degrees * Math.PI) / 180),
    s: Math.sin((degrees * Math.PI) / 180),
  });
  const { c, s } = turn(12);
  const axes = { x: { x: c, y: s, z: 0 }, y: { x: -s, y: c, z: 0 }, z: { x: 0, y: 0, z: 1 } };
  expect(tiltDegrees(upright(volume))).toBe(0);
  expect(tiltDegrees(upright({ ...volume, grid: { ...volume.grid, axes } }))).toBeCloseTo(12, 9);
});
