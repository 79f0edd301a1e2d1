import { RandomSource } from "@multirnet/base";
import { expect, test } from "vitest";

import { blur, roughNormal, smoothNoise } from "./noise.js";
import { spaceOver } from "./space.js";

const fieldMm = { x: 360, y: 300, z: 260 };
const middle = { x: 0, y: 0, z: 0 };

test("rough normal numbers have mean 0 and variance 1", () => {
  const random = new RandomSource("rough");
  const values = Array.from({ length: 50_000 }, () => roughNormal(random));
  const mean = values.reduce((sum, value) => sum + value) / values.length;
  expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(values.length)); // five standard errors
  expect(values.reduce((sum, value) => sum + value * value, 0) / values.length).toBeCloseTo(1, 1);
});

test("smooth noise has variance 1 and changes little over a voxel", () => {
  const space = spaceOver(fieldMm, middle, { x: 71, y: 60, z: 53 });
  const field = smoothNoise(space, 12, new RandomSource("field"));
  let [sum, squares, steps] = [0, 0, 0];
  for (let at = 0; at < field.length; at++) {
    sum += field[at] as number;
    squares += (field[at] as number) ** 2;
    if (at > 0) steps += ((field[at] as number) - (field[at - 1] as number)) ** 2;
  }
  expect(Math.abs(sum / field.length)).toBeLessThan(0.05);
  expect(squares / field.length).toBeCloseTo(1, 1);
  expect(steps / field.length).toBeLessThan(0.4); // 2 for white noise
});

test("smooth noise is fixed in space: finer voxels meet the coarser ones' values", () => {
  // 3 and 9 mm: the middle of each coarse voxel is the middle of every third fine one.
  const coarse = spaceOver({ x: 90, y: 72, z: 63 }, middle, { x: 10, y: 8, z: 7 });
  const fine = spaceOver({ x: 90, y: 72, z: 63 }, middle, { x: 30, y: 24, z: 21 });
  expect(coarse.spacingMm).toEqual({ x: 9, y: 9, z: 9 });
  const [a, b] = [coarse, fine].map((space) => smoothNoise(space, 7, new RandomSource("place"))) as [
    Float32Array,
    Float32Array,
  ];
  for (let z = 0; z < 7; z++) {
    for (let y = 0; y < 8; y++) {
      for (let x = 0; x < 10; x++) {
        const there = b[3 * x + 1 + 30 * (3 * y + 1 + 24 * (3 * z + 1))] as number;
        expect(a[x + 10 * (y + 8 * z)]).toBeCloseTo(there, 5);
      }
    }
  }
});

test("a blur keeps the sum and spreads a point by its sigma along each axis", () => {
  const space = spaceOver({ x: 45, y: 54, z: 44 }, middle, { x: 9, y: 11, z: 11 }); // 5 and 4 mm
  expect(space.spacingMm).toEqual({ x: 5, y: 5, z: 4 });
  const field = new Float32Array(space.count);
  field[4 + 9 * (5 + 11 * 5)] = 1;
  blur(field, space, 1.5);
  let [sum, xx, yy, zz] = [0, 0, 0, 0];
  for (let at = 0; at < field.length; at++) {
    const value = field[at] as number;
    sum += value;
    xx += value * (5 * ((at % 9) - 4)) ** 2;
    yy += value * (5 * ((Math.floor(at / 9) % 11) - 5)) ** 2;
    zz += value * (4 * (Math.floor(at / 99) - 5)) ** 2;
  }
  expect(sum).toBeCloseTo(1, 6);
  for (const moment of [xx, yy, zz]) expect(moment).toBeCloseTo(1.5 ** 2, 5);
});

test("a blur leaves a constant alone, at the borders too", () => {
  const space = spaceOver({ x: 45, y: 54, z: 44 }, middle, { x: 9, y: 11, z: 11 });
  const field = new Float32Array(space.count).fill(-700);
  blur(field, space, 2);
  expect(field.every((value) => Math.abs(value + 700) < 1e-3)).toBe(true);
});
