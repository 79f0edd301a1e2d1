import { RandomSource } from "@multirnet/base";
import { expect, test } from "vitest";

import { gridOf, spaceOver, xOf, yOf, zOf } from "./space.js";

test("the tighter axis in plane gives the pixel, and voxels lie around the field's middle", () => {
  const space = spaceOver({ x: 300, y: 280, z: 250 }, { x: 2, y: -3, z: 5 }, { x: 100, y: 70, z: 51 });
  expect(space.spacingMm).toEqual({ x: 4, y: 4, z: 1255 / 256 }); // 250 / 51 = 4.902, in steps of 1/256
  expect(space.firstMm.x).toBe(2 - 99 * 2);
  expect(space.firstMm.y).toBe(-3 - 69 * 2);
  const last = space.count - 1;
  expect((space.firstMm.z + zOf(space, last)) / 2).toBeCloseTo(5, 12);
  expect(xOf(space, 100)).toBe(space.firstMm.x);
  expect(yOf(space, 100)).toBe(space.firstMm.y + 4);
  expect(yOf(space, last)).toBe(-3 + 69 * 2);
});

test("a patient lies elsewhere on the table each time", () => {
  const space = spaceOver({ x: 300, y: 280, z: 250 }, { x: 0, y: 0, z: 0 }, { x: 30, y: 28, z: 25 });
  const [a, b] = [1, 2].map((seed) => gridOf(space, new RandomSource(seed)));
  expect(a?.originMm).not.toEqual(b?.originMm);
  expect(a?.spacingMm).toEqual(b?.spacingMm);
});
