import { RandomSource } from "@multirnet/base";
import type { Xyz } from "@multirnet/imaging";
import { expect, test } from "vitest";

import { nearestDistancesMm } from "./nearest-distance.js";

test.each([
  { size: { x: 7, y: 11, z: 5 }, spacingMm: { x: 0.7, y: 0.45, z: 3.1 }, share: 0.05 },
  { size: { x: 13, y: 6, z: 9 }, spacingMm: { x: 2.5, y: 1.3, z: 0.4 }, share: 0.005 },
  { size: { x: 1, y: 17, z: 4 }, spacingMm: { x: 1, y: 0.3, z: 2 }, share: 0.1 },
  { size: { x: 19, y: 1, z: 1 }, spacingMm: { x: 0.9, y: 5, z: 1 }, share: 0.2 },
  { size: { x: 8, y: 8, z: 8 }, spacingMm: { x: 1, y: 1, z: 1 }, share: 0.7 },
])("distances in a box of $size are those of the search through all points", ({ size, spacingMm, share }) => {
  const random = new RandomSource("nearest distance", size.x);
  const points = () => Uint8Array.from({ length: size.x * size.y * size.z }, () => (random.chance(share) ? 9 : 0));
  const [from, to] = [points(), points()];
  to[random.integer(to.length)] = 1;
  const found = nearestDistancesMm(size, spacingMm, from, to);
  const expected = bySearch(size, spacingMm, from, to);
  expect(found.length).toBe(expected.length);
  for (const [i, distance] of expected.entries()) expect(found[i], `point ${i}`).toBeCloseTo(distance, 12);
});

test("without a target every distance is infinite, without points there is none", () => {
  const size = { x: 3, y: 2, z: 2 };
  const spacingMm = { x: 1, y: 2, z: 3 };
  const some = Uint8Array.of(0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0);
  expect(nearestDistancesMm(size, spacingMm, some, new Uint8Array(12))).toEqual(Float64Array.of(Infinity, Infinity));
  expect(nearestDistancesMm(size, spacingMm, new Uint8Array(12), some).length).toBe(0);
});

function bySearch(size: Xyz, spacingMm: Xyz, from: Uint8Array, to: Uint8Array): number[] {
  const places = (points: Uint8Array) =>
    [...points.keys()]
      .filter((i) => points[i] !== 0)
      .map((i) => ({
        x: (i % size.x) * spacingMm.x,
        y: (Math.floor(i / size.x) % size.y) * spacingMm.y,
        z: Math.floor(i / size.x / size.y) * spacingMm.z,
      }));
  const targets = places(to);
  return places(from).map((a) => Math.min(...targets.map((b) => Math.hypot(a.x - b.x, a.y - b.y, a.z - b.z))));
}
