import { expect, test } from "vitest";

import { RandomSource } from "@multirnet/base";

import { LPS_AXES, type Grid } from "../volume.js";

import { bestHuBand, type BandCase } from "./hu-band.js";
import { makePhantom } from "./phantom.js";

function row(scan: readonly number[], lesions: readonly number[], lungs: readonly number[]): BandCase {
  const grid: Grid = {
    size: { x: scan.length, y: 1, z: 1 },
    spacingMm: { x: 0.7, y: 0.8, z: 2.5 },
    originMm: { x: 1, y: 2, z: 3 },
    axes: LPS_AXES,
  };
  return {
    scan: { meaning: "hounsfield", grid, voxels: Float32Array.from(scan) },
    lesions: { meaning: "label", grid, voxels: Uint8Array.from(lesions) },
    lungs: { meaning: "label", grid, voxels: Uint8Array.from(lungs) },
  };
}

test("a lesion that is a band of its own is found whole", () => {
  const best = bestHuBand([row([-800, -600, -500, -100, 40], [0, 1, 2, 0, 0], [1, 1, 2, 2, 0])]);
  expect(best).toMatchObject({ meanDice: 1, dice: [1] });
  expect(best?.lowHu).toBeGreaterThan(-800);
  expect(best?.lowHu).toBeLessThanOrEqual(-600);
  expect(best?.highHu).toBeGreaterThanOrEqual(-500);
  expect(best?.highHu).toBeLessThan(-100);
});

test("what lies outside the lung is neither called nor forgiven", () => {
  // The voxel of 40 HU outside the lung is lesion: of two lesion voxels one can be hit, 2·1 / (2 + 1).
  expect(bestHuBand([row([-800, -500, 40, 45], [0, 1, 1, 0], [1, 1, 0, 0])])?.meanDice).toBeCloseTo(2 / 3, 12);
});

test("one band serves the whole set, and cases without a lesion do not count", () => {
  const dark = row([-800, -600, -100], [0, 1, 0], [1, 1, 1]);
  const light = row([-800, -600, -100], [0, 0, 1], [1, 1, 1]);
  const none = row([-800, -600, -100], [0, 0, 0], [1, 1, 1]);
  // From -600 on: 2·1 / (1 + 2) in each; either alone gives 1 and 0.
  expect(bestHuBand([dark, none, light])).toMatchObject({ meanDice: 2 / 3, dice: [2 / 3, 2 / 3] });
  expect(bestHuBand([none])).toBeUndefined();
  expect(bestHuBand([])).toBeUndefined();
});

test("no other band does better, counted voxel by voxel", () => {
  const random = new RandomSource("bands");
  const draw = (count: number, low: number, high: number): number[] =>
    Array.from({ length: count }, () => Math.round(random.between(low, high)));
  const cases = [0, 1, 2].map(() => {
    const scan = draw(60, -900, 100);
    return row(
      scan,
      scan.map((hu) => (random.chance(hu > -600 && hu < -200 ? 0.7 : 0.2) ? 1 : 0)),
      draw(60, 0, 2),
    );
  });
  const dice = (low: number, high: number): number =>
    cases.reduce((sum, { scan, lesions, lungs }) => {
      let [hit, called, lesion] = [0, 0, 0];
      scan.voxels.forEach((hu, at) => {
        const inBand = lungs.voxels[at] !== 0 && hu >= low && hu <= high;
        const isLesion = lesions.voxels[at] !== 0;
        if (inBand) called++;
        if (isLesion) lesion++;
        if (inBand && isLesion) hit++;
      });
      return sum + (2 * hit) / (called + lesion);
    }, 0) / cases.length;
  let most = 0;
  for (let low = -1024; low < 200; low += 50)
    for (let high = low + 49; high < 600; high += 50) most = Math.max(most, dice(low, high));
  const best = bestHuBand(cases, { stepHu: 50 });
  expect(best?.meanDice).toBeCloseTo(most, 12);
  expect(dice(best?.lowHu ?? 0, best?.highHu ?? 0)).toBeCloseTo(most, 12);
});

test("no band of HU outlines the lesions of phantoms", () => {
  const size = { x: 64, y: 52, z: 32 };
  const cases = Array.from({ length: 20 }, (_, index) => makePhantom({ seed: 2, index, size }));
  const { meanDice = 1, lowHu = 0, highHu = 0 } = bestHuBand(cases) ?? {};
  expect(meanDice).toBeLessThan(0.5);
  // A phantom without disease is not simply empty: the best band calls a good part of its lungs lesion, too.
  for (const { scan, lungs } of cases.filter(({ diagnosis }) => diagnosis === "normal")) {
    const lung = scan.voxels.filter((_, at) => lungs.voxels[at] !== 0);
    const called = lung.filter((hu) => hu >= lowHu && hu <= highHu);
    expect(called.length / lung.length).toBeGreaterThan(0.03);
  }
});
