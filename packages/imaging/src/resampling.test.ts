import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

import { gridAtSpacing } from "./grid.js";
import { orientTo } from "./orientation.js";
import { resample, resampleToSpacing } from "./resampling.js";
import { gaussianSmoothed } from "./smoothing.js";
import { GRID, scanOn } from "./testing/patients.js";
import { LPS_AXES, type Grid, type Volume, type Xyz } from "./volume.js";

type Triple = readonly [number, number, number];
interface GoldenGrid {
  readonly size: Triple;
  readonly spacing: Triple;
  readonly origin: Triple;
  readonly axes: readonly [Triple, Triple, Triple];
}
interface Golden {
  readonly grid: GoldenGrid;
  readonly values: readonly number[];
  readonly labels: readonly number[];
  readonly cases: readonly {
    readonly name: string;
    readonly grid: GoldenGrid;
    readonly linear: readonly number[];
    readonly nearest: readonly number[];
  }[];
  readonly toSpacing: { readonly spacing: Triple; readonly size: Triple; readonly linear: readonly number[] };
  readonly smoothed: { readonly sigma: Triple; readonly values: readonly number[] };
}
// scipy.ndimage.map_coordinates and gaussian_filter, by scripts/golden/imaging.py
const golden = JSON.parse(readFileSync(new URL("testing/resampling.golden.json", import.meta.url), "utf8")) as Golden;

const triple = ([x, y, z]: Triple): Xyz => ({ x, y, z });
const gridOf = ({ size, spacing, origin, axes }: GoldenGrid): Grid => ({
  size: triple(size),
  spacingMm: triple(spacing),
  originMm: triple(origin),
  axes: { x: triple(axes[0]), y: triple(axes[1]), z: triple(axes[2]) },
});
const scan: Volume<"hounsfield"> = {
  meaning: "hounsfield",
  grid: gridOf(golden.grid),
  voxels: Float32Array.from(golden.values),
};
const labels: Volume<"label"> = { meaning: "label", grid: scan.grid, voxels: Uint8Array.from(golden.labels) };

/** The largest difference between voxels. */
function difference(ours: ArrayLike<number>, theirs: readonly number[]): number {
  expect(ours.length).toBe(theirs.length);
  return theirs.reduce((largest, value, i) => Math.max(largest, Math.abs((ours[i] ?? NaN) - value)), 0);
}

test.each(golden.cases)("scipy reads the same values: $name", ({ grid, linear, nearest }) => {
  const onto = gridOf(grid);
  expect(difference(resample(scan, onto).voxels, linear)).toBeLessThan(2e-4); // 1000 HU in 32 bits: 6e-5
  expect([...resample(labels, onto).voxels]).toEqual(nearest);
});

test("down-sampling smooths the axes that shrink by more than 1.5, as scipy does", () => {
  const { spacing, size, linear } = golden.toSpacing;
  const coarse = resampleToSpacing(scan, triple(spacing));
  expect(coarse.grid.size).toEqual(triple(size));
  expect(difference(coarse.voxels, linear)).toBeLessThan(4e-4);
});

test("scipy smooths to the same values", () => {
  const { sigma, values } = golden.smoothed;
  expect(difference(gaussianSmoothed(scan.voxels, scan.grid.size, triple(sigma)), values)).toBeLessThan(4e-4);
});

test("labels are never smoothed or mixed", () => {
  const stripes = { ...labels, voxels: labels.voxels.map((_, i) => (i % 2 ? 4 : 0)) };
  const coarse = resampleToSpacing(stripes, { x: 2.3, y: 2, z: 6 });
  expect(new Set(coarse.voxels)).toEqual(new Set([0, 4]));
});

test("on its own grid a volume keeps every bit, also where float noise moved the grid", () => {
  expect(resample(scan, scan.grid)).toEqual(scan);
  const noisy = { ...scan.grid, originMm: { ...scan.grid.originMm, z: 50.000001 } };
  const result = resample(scan, noisy);
  expect(result.voxels).toEqual(scan.voxels);
  expect(result.grid).toBe(noisy);
  expect(resampleToSpacing(scan, scan.grid.spacingMm)).toEqual(scan);
});

test("on its own grid with the axes in another order it is reordered, bit for bit", () => {
  for (const code of ["RAS", "SPL", "ALI"]) {
    const turned = orientTo(scan, code);
    expect(resample(scan, turned.grid).voxels).toEqual(turned.voxels);
    expect(resample(turned, scan.grid).voxels).toEqual(scan.voxels);
  }
});

test("moving scan and grid together changes nothing", () => {
  const onto: Grid = { ...scan.grid, size: { x: 5, y: 9, z: 8 }, spacingMm: { x: 1, y: 0.5, z: 1.5 } };
  const here = resample(
    { ...scan, grid: { ...scan.grid, originMm: { x: 0, y: 0, z: 0 } } },
    { ...onto, originMm: { x: 0.25, y: 0, z: 0.5 } },
  );
  const there = resample(
    { ...scan, grid: { ...scan.grid, originMm: { x: 32, y: -16, z: 64 } } },
    { ...onto, originMm: { x: 32.25, y: -16, z: 64.5 } },
  );
  expect(difference(there.voxels, [...here.voxels])).toBeLessThan(2e-4);
});

test("moving the grid by a whole voxel moves the values by one", () => {
  const ramp = scanOn(); // + 10 for each x, + 30 for each y, + 120 for each z
  const onto = { ...GRID, originMm: { ...GRID.originMm, y: GRID.originMm.y + 0.5 } };
  const moved = resample(ramp, onto);
  for (let y = 0; y < 4; y++) expect(moved.voxels[3 * y]).toBe(-1000 + 30 * Math.min(y + 1, 3)); // clamped at the edge
});

test("a ramp is read exactly between voxels, and its edges go on outside", () => {
  const x = { x: 6, y: 1, z: 1 };
  const ramp: Volume<"hounsfield"> = {
    meaning: "hounsfield",
    grid: {
      size: { x: 3, y: 1, z: 1 },
      spacingMm: { x: 2, y: 1, z: 1 },
      originMm: { x: 0, y: 0, z: 0 },
      axes: LPS_AXES,
    },
    voxels: Float32Array.of(0, 100, 300),
  };
  const onto = { ...ramp.grid, size: x, spacingMm: { x: 1, y: 1, z: 1 }, originMm: { x: -0.5, y: 9, z: -9 } };
  expect([...resample(ramp, onto).voxels]).toEqual([0, 25, 75, 150, 250, 300]); // at -0.5, 0.5, 1.5, 2.5, 3.5, 4.5 mm
});

test("of two equally near labels the later is taken, wherever the scan lies", () => {
  for (const origin of [0, -0.1, 1e3 + 1 / 3]) {
    const pair: Volume<"label"> = {
      meaning: "label",
      grid: {
        ...GRID,
        size: { x: 2, y: 1, z: 1 },
        spacingMm: { x: 0.7, y: 1, z: 1 },
        originMm: { x: origin, y: 0, z: 0 },
      },
      voxels: Uint8Array.of(1, 2),
    };
    const between = { ...pair.grid, size: { x: 1, y: 1, z: 1 }, originMm: { x: origin + 0.35, y: 0, z: 0 } };
    expect([...resample(pair, between).voxels]).toEqual([2]);
  }
});

test("one slice, one voxel: the value everywhere", () => {
  const one = { ...scanOn(), grid: { ...GRID, size: { x: 1, y: 1, z: 1 } }, voxels: Float32Array.of(-77) };
  const onto = gridAtSpacing(one.grid, { x: 0.25, y: 0.25, z: 1.25 });
  expect(onto.size).toEqual({ x: 3, y: 2, z: 2 });
  expect([...resample(one, onto).voxels]).toEqual(new Array<number>(12).fill(-77));
});

test("a constant volume stays constant to the last bit, oblique or not", () => {
  const constant = { ...scan, voxels: scan.voxels.map(() => 0.1) };
  for (const { grid } of golden.cases) {
    expect(new Set(resample(constant, gridOf(grid)).voxels)).toEqual(new Set([Math.fround(0.1)]));
  }
  expect(new Set(resampleToSpacing({ ...constant, meaning: "probability" }, { x: 2, y: 2, z: 2 }).voxels)).toEqual(
    new Set([Math.fround(0.1)]),
  );
});

test("a scan stored in any order of axes gives the same bits, once it is oriented", () => {
  // Far from the origin and large, so that rounding noise would show.
  const size = { x: 37, y: 29, z: 31 };
  const odd = { ...scan.grid, size, originMm: { x: 20_101.3, y: -7_777.7, z: 91_234.56 } };
  const voxels = Float32Array.from({ length: 37 * 29 * 31 }, (_, i) => ((i * 7919) % 4001) - 1000);
  const stored = { ...scan, grid: odd, voxels };
  const spacing = { x: 1.1, y: 0.9, z: 1.3 };
  const expected = resampleToSpacing(stored, spacing);
  for (const letters of ["LPS", "LSP", "PLS", "PSL", "SLP", "SPL"]) {
    for (let flips = 0; flips < 8; flips++) {
      const opposite: Record<string, string> = { L: "R", P: "A", S: "I" };
      const code = Array.from(letters, (letter, i) => ((flips >> i) & 1 ? opposite[letter] : letter)).join("");
      const again = resampleToSpacing(orientTo(orientTo(stored, code)), spacing);
      expect(again.voxels.every((value, i) => value === expected.voxels[i])).toBe(true);
    }
  }
});
