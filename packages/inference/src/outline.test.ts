import { expect, test } from "vitest";

import type { Volume } from "@multirnet/imaging";

import { gridOf } from "./testing/scans.js";
import { outline } from "./whole-scan.js";

const grid = gridOf({ x: 6, y: 1, z: 1 }, { x: 1, y: 1, z: 1 });
const type = (...voxels: readonly number[]): Volume<"probability"> => ({
  meaning: "probability",
  grid,
  voxels: Float32Array.from(voxels),
});

test("one type is a lesion from the threshold on, the threshold itself too", () => {
  const mask = outline([type(0, 0.25, 0.49, 0.5, 0.51, 1)], grid, 0.5);
  expect(mask).toEqual({ meaning: "label", grid, voxels: Uint8Array.from([0, 0, 0, 1, 1, 1]) });
});

test("of several types the union has to reach the threshold, and the likeliest one is named, of equals the first", () => {
  const types = [
    type(0.25, 0.3, 0.5, 0.1, 0.5, 0),
    type(0.25, 0.3, 0.25, 0.1, 0.5, 0),
    type(0, 0.1, 0.75, 0.6, 0.5, 0),
  ];
  // 1 - 0.5625 = 0.4375, 1 - 0.7·0.7·0.9 = 0.559, 1 - 0.5·0.75·0.25 = 0.906, 1 - 0.9·0.9·0.4 = 0.676, 1 - 0.125 = 0.875
  expect(Array.from(outline(types, grid, 0.5).voxels)).toEqual([0, 1, 3, 3, 1, 0]);
  expect(Array.from(outline(types, grid, 0.7).voxels)).toEqual([0, 0, 3, 0, 1, 0]);
});

test("without types there is no lesion", () => {
  expect(outline([], grid, 0.5).voxels).toEqual(new Uint8Array(6));
});
