import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

import { surfaceElementAreasMm2 } from "../masks/surface-elements.js";
import { differences, type ExpectedScores } from "../testing/golden.js";
import { draw, gridOf, xyz, type Recipe } from "../testing/masks.js";

// Made by scripts/golden/segmentation-metrics.py from google-deepmind/surface-distance, scipy and numpy.
const golden = JSON.parse(readFileSync(new URL("./segmentation-metrics.golden.json", import.meta.url), "utf8")) as {
  readonly elementAreas: readonly { readonly spacingMm: number[]; readonly areasMm2: number[] }[];
  readonly pairs: readonly {
    readonly size: number[];
    readonly spacingMm: number[];
    readonly truth: Recipe;
    readonly prediction: Recipe;
    readonly expected: ExpectedScores;
  }[];
};

test.each(golden.elementAreas)(
  "the area of each of the 256 surface elements at $spacingMm mm is the published one",
  ({ spacingMm, areasMm2 }) => {
    const areas = surfaceElementAreasMm2(xyz(spacingMm));
    expect(areas.length).toBe(256);
    for (const [code, area] of areasMm2.entries()) expect(areas[code], `code ${code}`).toBeCloseTo(area, 12);
  },
);

test("there are 20 random pairs", () => {
  expect(golden.pairs.length).toBe(20);
});

test.each(golden.pairs.map((pair, number) => ({ ...pair, number })))(
  "scores of random pair $number agree with independent implementations",
  ({ size, spacingMm, truth, prediction, expected }) => {
    const grid = gridOf(xyz(size), xyz(spacingMm));
    const off = differences(draw(grid, truth), draw(grid, prediction), expected);
    expect(Object.keys(off).length).toBe(13);
    for (const [name, difference] of Object.entries(off)) expect(difference, name).toBeLessThan(1e-9);
  },
);
