import { expect, test } from "vitest";

import { boundingBox, crop, movedInside, regionAround, wholeBox, type Box } from "./box.js";
import { patientPoint } from "./grid.js";
import type { Volume } from "./volume.js";
import { GRID, maskOn, scanOn } from "./testing/patients.js";

test("the bounding box is the smallest around all labels", () => {
  const mask = maskOn(GRID, [
    [2, 1, 3],
    [1, 3, 2],
  ]);
  expect(boundingBox(mask)).toEqual({ from: { x: 1, y: 1, z: 2 }, size: { x: 2, y: 3, z: 2 } });
  expect(boundingBox(maskOn(GRID, [[2, 3, 4]]))).toEqual({ from: { x: 2, y: 3, z: 4 }, size: { x: 1, y: 1, z: 1 } });
});

test("an empty mask has no box, a full one the whole", () => {
  expect(boundingBox(maskOn(GRID, []))).toBeUndefined();
  expect(boundingBox({ ...maskOn(GRID, []), voxels: new Uint8Array(60).fill(7) })).toEqual(wholeBox(GRID));
});

test("rows of a length that four divides are boxed alike, whichever of four voxels it is and whatever its label", () => {
  const grid = { ...GRID, size: { x: 8, y: 3, z: 2 } };
  const empty: Volume<"label"> = { meaning: "label", grid, voxels: new Uint8Array(48) };
  expect(boundingBox(empty)).toBeUndefined();
  for (let at = 0; at < 48; at++) {
    const voxels = new Uint8Array(48);
    voxels[at] = at % 2 === 0 ? 1 : 128;
    const from = { x: at % 8, y: Math.floor(at / 8) % 3, z: Math.floor(at / 24) };
    expect(boundingBox({ ...empty, voxels })).toEqual({ from, size: { x: 1, y: 1, z: 1 } });
    const shifted = new Uint8Array(49).subarray(1); // not at a multiple of four bytes
    shifted.set(voxels);
    expect(boundingBox({ ...empty, voxels: shifted })).toEqual({ from, size: { x: 1, y: 1, z: 1 } });
  }
});

test("a crop keeps values and places, and pads with air", () => {
  const part = crop(scanOn(), { from: { x: 1, y: -1, z: 3 }, size: { x: 3, y: 2, z: 3 } });
  expect(part.grid.size).toEqual({ x: 3, y: 2, z: 3 });
  expect(part.grid.originMm).toEqual({ x: -11 + 0.75, y: 23 - 0.5, z: -37 + 7.5 });
  // Rows y = -1 and y = 0 of slices 3, 4 and 5: inside are x = 1, 2 of y = 0 in slices 3 and 4.
  const hu = (x: number, y: number, z: number): number => 10 * (x + 3 * (y + 4 * z)) - 1000;
  const air = -1000;
  expect([...part.voxels]).toEqual([
    ...[air, air, air, hu(1, 0, 3), hu(2, 0, 3), air],
    ...[air, air, air, hu(1, 0, 4), hu(2, 0, 4), air],
    ...[air, air, air, air, air, air],
  ]);
});

test("labels and probabilities are padded with 0", () => {
  const box = { from: { x: -1, y: 0, z: 0 }, size: { x: 2, y: 1, z: 1 } };
  const full = { ...maskOn(GRID, []), voxels: new Uint8Array(60).fill(3) };
  expect([...crop(full, box).voxels]).toEqual([0, 3]);
  const sure = { meaning: "probability" as const, grid: GRID, voxels: new Float32Array(60).fill(0.5) };
  expect([...crop(sure, box).voxels]).toEqual([0, 0.5]);
});

test.each([
  { where: "before", from: { x: -5, y: -9, z: -9 } },
  { where: "behind", from: { x: 3, y: 0, z: 0 } },
  { where: "above", from: { x: 0, y: 0, z: 50 } },
])("a box wholly $where the scan is all air", ({ from }) => {
  expect([...crop(scanOn(), { from, size: { x: 1, y: 2, z: 1 } }).voxels]).toEqual([-1000, -1000]);
});

test("cropping the whole box changes nothing, and a crop of a crop is the crop of both", () => {
  expect(crop(scanOn(), wholeBox(GRID))).toEqual(scanOn());
  const once = crop(scanOn(), { from: { x: 1, y: 2, z: 1 }, size: { x: 2, y: 2, z: 3 } });
  const twice = crop(once, { from: { x: 0, y: 1, z: 2 }, size: { x: 1, y: 1, z: 1 } });
  expect(twice).toEqual(crop(scanOn(), { from: { x: 1, y: 3, z: 3 }, size: { x: 1, y: 1, z: 1 } }));
});

test("a region's middle is the voxel it was asked around", () => {
  expect(regionAround({ x: 10, y: 10, z: 10 }, { x: 1, y: 3, z: 4 })).toEqual({
    from: { x: 10, y: 9, z: 8 }, // 10 / 9 to 11 / 8 to 11
    size: { x: 1, y: 3, z: 4 },
  });
  expect(regionAround({ x: 1.5, y: 0.4, z: 0.6 }, { x: 2, y: 1, z: 1 }).from).toEqual({ x: 1, y: 0, z: 1 });
});

test("a scan smaller than the region is in the middle of it", () => {
  const region = crop(scanOn(), regionAround({ x: 1, y: 1.5, z: 2 }, { x: 5, y: 8, z: 9 }));
  const middle = patientPoint(region.grid, { x: 2, y: 3.5, z: 4 });
  expect(middle).toEqual(patientPoint(GRID, { x: 1, y: 1.5, z: 2 }));
  expect(region.voxels.filter((hu) => hu > -1000).length).toBe(59); // voxel 0 is -1000 itself
});

test("a box moves no further than it must to lie inside another, and is centred where it is the longer one", () => {
  const bounds: Box = { from: { x: 10, y: 20, z: 30 }, size: { x: 8, y: 6, z: 3 } };
  const moved = (x: number, y: number, z: number): Box["from"] =>
    movedInside({ from: { x, y, z }, size: { x: 4, y: 6, z: 6 } }, bounds).from;
  expect(moved(9, 25, 0)).toEqual({ x: 10, y: 20, z: 29 }); // 3 too long: 1 before, 2 after
  expect(moved(12, 20, 99)).toEqual({ x: 12, y: 20, z: 29 });
  expect(moved(15, 0, 30)).toEqual({ x: 14, y: 20, z: 29 });
});
