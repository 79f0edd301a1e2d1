import { expect, test } from "vitest";

import { LPS_AXES, voxelIndex, type Volume, type Xyz } from "@multirnet/imaging";

import { focusOf, montageSlices } from "./shown-slices.js";

function mask(size: Xyz, marked: readonly Xyz[], label = 1): Volume<"label"> {
  const grid = { size, spacingMm: { x: 0.7, y: 0.8, z: 2.5 }, originMm: { x: 0, y: 0, z: 0 }, axes: LPS_AXES };
  const voxels = new Uint8Array(size.x * size.y * size.z);
  for (const at of marked) voxels[voxelIndex(grid, at)] = label;
  return { meaning: "label", grid, voxels };
}

const box = (from: Xyz, size: Xyz): Xyz[] =>
  Array.from({ length: size.x * size.y * size.z }, (_, i) => ({
    x: from.x + (i % size.x),
    y: from.y + (Math.floor(i / size.x) % size.y),
    z: from.z + Math.floor(i / (size.x * size.y)),
  }));

const size = { x: 20, y: 17, z: 13 };

test("the planes go through the largest area of the largest lesion, not of all lesions", () => {
  // The largest: a column of 2 × 2 × 9 voxels with a slab of 3 × 4 at z = 5. Three smaller ones share slice z = 1 with 3 × 25.
  const largest = [
    ...box({ x: 3, y: 4, z: 3 }, { x: 2, y: 2, z: 9 }),
    ...box({ x: 3, y: 4, z: 5 }, { x: 3, y: 4, z: 1 }),
  ];
  const others = [8, 14].flatMap((x) => box({ x, y: 10, z: 1 }, { x: 5, y: 5, z: 1 }));
  // In x: columns 3 and 4 hold 18 + 2 voxels each, column 5 holds 4; in y: rows 4 and 5 hold 18 + 1, rows 6 and 7 three.
  expect(focusOf(mask(size, [...largest, ...others]))).toEqual({ at: { x: 3, y: 4, z: 5 }, onLesion: true });
});

test("without a lesion the planes go through the middle", () => {
  expect(focusOf(mask(size, []))).toEqual({ at: { x: 10, y: 8, z: 6 }, onLesion: false });
});

test("all labels together make a lesion", () => {
  const two = mask(size, box({ x: 1, y: 1, z: 1 }, { x: 1, y: 1, z: 2 }), 2);
  two.voxels[voxelIndex(two.grid, { x: 1, y: 1, z: 3 })] = 1;
  expect(focusOf(two)).toEqual({ at: { x: 1, y: 1, z: 1 }, onLesion: true });
});

test.each([
  { words: "spread over the lesions, both ends included", from: 10, count: 31, expected: [40, 30, 20, 10] },
  { words: "widened around a small lesion", from: 20, count: 1, expected: [22, 21, 20, 19] },
  { words: "widened to one side at the feet", from: 0, count: 1, expected: [3, 2, 1, 0] },
  { words: "widened to one side at the head", from: 49, count: 1, expected: [49, 48, 47, 46] },
  { words: "spread over the scan without a lesion", from: 0, count: 0, expected: [49, 33, 16, 0] },
])("the overview is $words", ({ from, count, expected }) => {
  const deep = { x: 3, y: 2, z: 50 };
  expect(montageSlices(mask(deep, box({ x: 1, y: 1, z: from }, { x: 1, y: 1, z: count })), 4)).toEqual(expected);
});

test("a scan of few slices shows each once", () => {
  expect(montageSlices(mask({ x: 4, y: 3, z: 1 }, []), 12)).toEqual([0]);
  expect(montageSlices(mask({ x: 4, y: 3, z: 3 }, [{ x: 0, y: 0, z: 2 }]), 12)).toEqual([2, 1, 0]);
});
