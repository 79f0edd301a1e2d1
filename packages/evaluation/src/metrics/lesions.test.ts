import { expect, test } from "vitest";

import { gridOf, mask, maskWhere } from "../testing/masks.js";
import { lesionScores } from "./lesions.js";

const grid = gridOf({ x: 30, y: 8, z: 9 }, { x: 0.7, y: 0.8, z: 2.5 });
const line = (from: number, to: number, y: number) =>
  Array.from({ length: to - from }, (_, i) => ({ x: from + i, y, z: 4 }));

test("a truth lesion is found from a tenth of it on, a predicted one right from a tenth of it on", () => {
  const truth = mask(grid, [...line(0, 10, 1), ...line(0, 20, 4), ...line(25, 30, 7)]);
  // One voxel of the ten (found), one of the twenty (missed), none of the five; the second prediction lies on the truth with
  // 1 of its 11 voxels (wrong), the first with 1 of its 1 (right), the third not at all.
  const prediction = mask(grid, [...line(0, 1, 1), ...line(19, 30, 4), ...line(0, 3, 7)]);
  const scores = lesionScores(truth, prediction);
  expect(scores).toEqual({
    recall: { kind: "value", value: 1 / 3 },
    precision: { kind: "value", value: 1 / 3 },
    f1: { kind: "value", value: expect.closeTo(1 / 3, 12) },
    truthLesions: 3,
    foundLesions: 1,
    predictedLesions: 3,
    rightLesions: 1,
  });
  const strict = lesionScores(truth, prediction, { foundShare: 0.11, rightShare: 1 });
  expect([strict.foundLesions, strict.rightLesions]).toEqual([0, 1]);
  expect(strict.f1).toEqual({ kind: "value", value: 0 });
  const mild = lesionScores(truth, prediction, { foundShare: 0.05, rightShare: 0.09 });
  expect([mild.foundLesions, mild.rightLesions]).toEqual([2, 2]);
});

test("a share is compared as a count: 7 of 100 voxels are 7 %, though 0.07 · 100 is above 7", () => {
  const truth = maskWhere(grid, ({ x, y, z }) => x < 5 && y < 5 && z < 4);
  const prediction = maskWhere(grid, ({ x, y, z }) => x + 5 * y < 7 && x < 5 && z === 0);
  expect(0.07 * 100).toBeGreaterThan(7);
  expect(lesionScores(truth, prediction, { foundShare: 0.07 }).foundLesions).toBe(1);
});

test("voxels that touch in a corner are one lesion", () => {
  const truth = mask(grid, [
    { x: 3, y: 3, z: 3 },
    { x: 4, y: 4, z: 4 },
    { x: 6, y: 4, z: 4 },
  ]);
  expect(lesionScores(truth, truth).truthLesions).toBe(2);
});

test.each([
  { truth: [], prediction: [], recall: "both are empty", precision: "both are empty", f1: "both are empty" },
  { truth: [], prediction: line(1, 3, 1), recall: "truth is empty", precision: 0, f1: 0 },
  { truth: line(1, 3, 1), prediction: [], recall: 0, precision: "prediction is empty", f1: 0 },
])("lesions of empty masks: recall $recall, precision $precision, F1 $f1", ({ truth, prediction, ...expected }) => {
  const scores = lesionScores(mask(grid, truth), mask(grid, prediction));
  for (const name of ["recall", "precision", "f1"] as const) {
    const wanted = expected[name];
    expect(scores[name]).toEqual(
      typeof wanted === "number" ? { kind: "value", value: wanted } : { kind: "undefined", because: wanted },
    );
  }
});

test.each([
  [{ foundShare: 0 }, "foundShare must be a share above 0 and at most 1, not 0"],
  [{ rightShare: 10 }, "rightShare must be a share above 0 and at most 1, not 10"],
])("%o is refused", (options, words) => {
  expect(() => lesionScores(mask(grid, []), mask(grid, []), options)).toThrow(words);
});
