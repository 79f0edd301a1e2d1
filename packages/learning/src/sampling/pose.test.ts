import { LPS_AXES, type Xyz } from "@multirnet/imaging";
import { expect, test } from "vitest";

import { FULL_SCALE, type PreparedScan } from "../dataset/prepared-case.js";
import { cutPosed, type Pose } from "./pose.js";
import { cutRegion } from "./region.js";

type Scan = Pick<PreparedScan, "grid" | "image" | "mask">;
type Spacing = PreparedScan["grid"]["spacingMm"];

/** A scan whose voxel is a function of its place. */
function scanOf(size: Xyz, spacingMm: Spacing, value: (x: number, y: number, z: number) => number): Scan {
  const image = new Uint16Array(size.x * size.y * size.z);
  for (let z = 0, at = 0; z < size.z; z++)
    for (let y = 0; y < size.y; y++) for (let x = 0; x < size.x; x++, at++) image[at] = value(x, y, z);
  const grid = { size, spacingMm, originMm: { x: 0, y: 0, z: 0 }, axes: LPS_AXES };
  return { grid, image, mask: Uint8Array.from(image, (v) => v % 3) };
}

const cube = { x: 1.5, y: 1.5, z: 1.5 };
const seen = (scan: Scan, centre: Xyz, size: Xyz, pose: Pose): number[] =>
  [...cutPosed(scan, centre, size, pose).image].map((value) => value * FULL_SCALE);

test("a pose that changes nothing cuts the same bits as no pose", () => {
  const scan = scanOf({ x: 9, y: 8, z: 7 }, cube, (x, y, z) => x + 10 * y + 100 * z);
  const plain = cutRegion(scan, { x: 2, y: 7, z: 3 }, { x: 6, y: 5, z: 4 });
  for (const pose of [{}, { rotationDegrees: 0, scale: 1 }, { elastic: { magnitude: 0, seed: 3 } }])
    expect(cutPosed(scan, { x: 2, y: 7, z: 3 }, { x: 6, y: 5, z: 4 }, pose)).toEqual(plain);
});

test("turned and enlarged: each voxel is looked up where it comes from, in millimetres", () => {
  // Trilinear interpolation has linear functions right, so the value tells the place.
  const scan = scanOf({ x: 40, y: 40, z: 20 }, { x: 2, y: 1.25, z: 3 }, (x, y, z) => 20 * x + 300 * y + 1000 * z + 7);
  const size = { x: 6, y: 5, z: 4 };
  const [degrees, scale] = [25, 1.2];
  const found = seen(scan, { x: 20, y: 20, z: 10 }, size, { rotationDegrees: degrees, scale });
  const middle = { x: 19.5, y: 20, z: 9.5 }; // of 17…22, 18…22, 8…11
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  let at = 0;
  for (let z = 0; z < 4; z++) {
    for (let y = 0; y < 5; y++) {
      for (let x = 0; x < 6; x++, at++) {
        const mm = { x: 2 * (x - 2.5), y: 1.25 * (y - 2), z: 3 * (z - 1.5) };
        const from = { x: (cos * mm.x + sin * mm.y) / scale, y: (-sin * mm.x + cos * mm.y) / scale, z: mm.z / scale };
        const place = { x: middle.x + from.x / 2, y: middle.y + from.y / 1.25, z: middle.z + from.z / 3 };
        expect(found[at]).toBeCloseTo(20 * place.x + 300 * place.y + 1000 * place.z + 7, 1);
      }
    }
  }
});

test("a turn goes from the left (x) to the back (y), and the mask goes with the image", () => {
  const size = { x: 9, y: 9, z: 1 };
  const scan = scanOf(size, cube, (x, y) => (x === 7 && y === 4 ? 4 : 0)); // 3 voxels to the left
  const { image, mask } = cutPosed(scan, { x: 4, y: 4, z: 0 }, size, { rotationDegrees: 90 });
  const marked = [...(mask ?? [])].flatMap((value, i) => (value === 1 ? [[i % 9, Math.floor(i / 9)]] : []));
  expect(marked).toEqual([[4, 7]]); // 3 voxels to the back
  expect((image[4 + 9 * 7] as number) * FULL_SCALE).toBeCloseTo(4, 5);
});

test("scale 2 doubles distances from the middle; scale ½ halves them and shows air beyond the scan", () => {
  const scan = scanOf({ x: 7, y: 7, z: 7 }, cube, () => 600);
  const size = { x: 7, y: 7, z: 7 };
  expect(seen(scan, { x: 3, y: 3, z: 3 }, size, { scale: 2 }).every((value) => Math.abs(value - 600) < 0.01)).toBe(
    true,
  );
  const small = cutPosed(scan, { x: 3, y: 3, z: 3 }, size, { scale: 0.5 });
  const row = [...small.image].slice(3 * 7 + 3 * 49, 4 * 7 + 3 * 49).map((value) => Math.round(value * FULL_SCALE));
  expect(row).toEqual([0, 0, 600, 600, 600, 0, 0]); // 3 ± 2 (−3 … 3): −3, −1, 1, 3, 5, 7, 9
});

test("beyond the scan is air without lesion, and half a voxel past the edge is half air", () => {
  const scan = scanOf({ x: 3, y: 3, z: 1 }, cube, () => 1000);
  const moved = cutPosed(scan, { x: 1, y: 1, z: 0 }, { x: 4, y: 3, z: 1 }, { scale: 1.0000001 });
  // From −1, 0, 1, 2 on, as nearly as makes no difference: even sizes have their middle between voxels, so nothing is mixed.
  expect([...moved.image.slice(4, 8)].map((value) => Math.round(value * FULL_SCALE))).toEqual([0, 1000, 1000, 1000]);
  const half = seen(scan, { x: 1, y: 1, z: 0 }, { x: 3, y: 3, z: 1 }, { scale: 1 / 1.5 }); // −0.5, 1, 2.5
  expect(half.slice(3, 6)).toEqual([500, 1000, 500].map((value) => expect.closeTo(value, 1) as number));
  const { mask } = cutPosed(
    { ...scan, mask: new Uint8Array(9).fill(2) },
    { x: 9, y: 9, z: 9 },
    { x: 2, y: 2, z: 2 },
    {
      rotationDegrees: 10,
    },
  );
  expect(mask).toEqual(new Uint8Array(8));
});

test("elastic: smooth, as far as its magnitude and no further, from its seed alone", () => {
  const size = { x: 33, y: 25, z: 17 }; // whole steps of the displacement's grid, so that its largest is seen
  const middle = { x: 30, y: 26, z: 22 };
  const magnitude = 3;
  const along = (axis: keyof Xyz, seed: number): Float32Array => {
    const scan = scanOf({ x: 60, y: 52, z: 44 }, cube, (x, y, z) => 1000 * { x, y, z }[axis]);
    const bent = cutPosed(scan, middle, size, { elastic: { magnitude, seed } }).image;
    const plain = cutRegion(scan, middle, size).image;
    return bent.map((value, i) => ((value - (plain[i] as number)) * FULL_SCALE) / 1000);
  };
  for (const axis of ["x", "y", "z"] as const) {
    const moved = along(axis, 5);
    expect(moved.reduce((most, value) => Math.max(most, Math.abs(value)), 0)).toBeCloseTo(magnitude, 2);
    // A Gaussian of σ = 8 voxels leaves slopes of its height over σ: neighbours differ by well under a voxel.
    for (let i = 1; i < moved.length; i++)
      if (i % size.x !== 0) expect(Math.abs((moved[i] as number) - (moved[i - 1] as number))).toBeLessThan(0.75);
    expect(along(axis, 5)).toEqual(moved);
    expect(along(axis, 6)).not.toEqual(moved);
  }
  expect(along("x", 5)).not.toEqual(along("y", 5));
});

test("elastic: a scan of one slice is bent within it", () => {
  const scan = scanOf({ x: 60, y: 52, z: 1 }, cube, () => 1000);
  const { image, mask } = cutPosed(
    { ...scan, mask: new Uint8Array(60 * 52).fill(1) },
    { x: 30, y: 26, z: 0 },
    { x: 33, y: 25, z: 1 },
    { elastic: { magnitude: 4, seed: 5 } },
  );
  expect(new Set(Array.from(image, (value) => Math.round(value * FULL_SCALE)))).toEqual(new Set([1000]));
  expect(new Set(mask)).toEqual(new Set([1]));
});

test("a scan without a mask gives a region without one", () => {
  const { mask: _, ...bare } = scanOf({ x: 4, y: 4, z: 4 }, cube, (x) => x);
  expect("mask" in cutPosed(bare, { x: 2, y: 2, z: 2 }, { x: 2, y: 2, z: 2 }, { scale: 1.1 })).toBe(false);
});
