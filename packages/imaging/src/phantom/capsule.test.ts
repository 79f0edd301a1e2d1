import { expect, test } from "vitest";

import { capsulesDistance, paintCapsules, tube } from "./capsule.js";
import { spaceOver } from "./space.js";

const cone = { from: { x: 0, y: 0, z: 0 }, to: { x: 10, y: 0, z: 0 }, radiusFrom: 4, radiusTo: 2 };

test.each([
  { at: { x: 0, y: 7, z: 0 }, mm: 3 },
  { at: { x: 5, y: 0, z: 1 }, mm: -2 }, // halfway the radius is 3
  { at: { x: 13, y: 4, z: 0 }, mm: 3 }, // 5 from the far end
  { at: { x: -6, y: 0, z: 0 }, mm: 2 },
])("a point at $at is $mm mm from the wall", ({ at, mm }) => {
  expect(capsulesDistance([cone], at.x, at.y, at.z)).toBeCloseTo(mm, 12);
});

test("the nearest of several capsules counts, and none is infinitely far", () => {
  const bent = tube(
    [
      { x: 0, y: 0, z: 0 },
      { x: 10, y: 0, z: 0 },
      { x: 10, y: 20, z: 0 },
    ],
    1,
  );
  expect(bent).toHaveLength(2);
  expect(capsulesDistance(bent, 13, 15, 0)).toBeCloseTo(2, 12);
  expect(capsulesDistance([], 1, 2, 3)).toBe(Infinity);
});

test.each([6, 1])("a painted tube of radius %d mm fills its volume in voxels", (radius) => {
  const space = spaceOver({ x: 80, y: 64, z: 90 }, { x: 1, y: -2, z: 3 }, { x: 40, y: 32, z: 30 });
  const share = paintCapsules(
    space,
    tube(
      [
        { x: -20, y: -5, z: -20 },
        { x: 15, y: 6, z: 25 },
      ],
      radius,
    ),
  );
  const ml = share.reduce((sum, part) => sum + part, 0) * space.spacingMm.x * space.spacingMm.y * space.spacingMm.z;
  const length = Math.sqrt(35 ** 2 + 11 ** 2 + 45 ** 2);
  const expected = Math.PI * radius ** 2 * (length + (4 / 3) * radius);
  expect(ml / expected).toBeGreaterThan(0.75); // a thin tube is only roughly kept
  expect(ml / expected).toBeLessThan(radius > 3 ? 1.1 : 2.2);
  expect(Math.max(...share)).toBeLessThanOrEqual(1);
});

test("a capsule outside the field paints nothing", () => {
  const space = spaceOver({ x: 40, y: 40, z: 40 }, { x: 0, y: 0, z: 0 }, { x: 10, y: 9, z: 8 });
  expect(
    paintCapsules(
      space,
      tube(
        [
          { x: 100, y: 0, z: 0 },
          { x: 120, y: 0, z: 0 },
        ],
        3,
      ),
    ).every((part) => part === 0),
  ).toBe(true);
});
