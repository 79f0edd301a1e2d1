import type { Volume } from "@multirnet/imaging";
import { expect, test } from "vitest";

import { toJson } from "../score.js";
import { enlarged, mirrored, rotated } from "../testing/laws.js";
import { draw, gridOf, mask, maskWhere } from "../testing/masks.js";
import {
  segmentationJson,
  segmentationScores,
  specificityOverCases,
  type SegmentationJson,
} from "./segmentation-scores.js";

const grid = gridOf({ x: 5, y: 7, z: 11 }, { x: 1, y: 4, z: 3 });
const voxel = mask(grid, [{ x: 2, y: 3, z: 4 }]);
const bar = mask(grid, [
  { x: 2, y: 3, z: 4 },
  { x: 3, y: 3, z: 4 },
]);
const nothing = mask(grid, []);

test("all scores of a voxel against a bar of two, by hand", () => {
  // The surfaces are worked out in surface-distance.test.ts and voxel-surface-distance.test.ts; a voxel has 12 mm³.
  const json = segmentationJson(segmentationScores(voxel, bar, { tolerancesMm: [0.5, 1] }));
  const close = (value: number): unknown => expect.closeTo(value, 12);
  expect(json).toEqual({
    vdsc: close(2 / 3),
    sdsc: close(29.5 / 36),
    aso: close((1 + 16.5 / 23) / 2),
    tolerances: [
      { toleranceMm: 0.5, sdsc: close(29.5 / 36), aso: close((1 + 16.5 / 23) / 2) },
      { toleranceMm: 1, sdsc: 1, aso: 1 },
    ],
    asdMm: close(6.5 / 36),
    asdVoxelMm: close(1 / 3),
    hd95Mm: 1,
    hd95VoxelMm: close(0.9),
    sensitivity: 1,
    precision: 0.5,
    truthMl: close(0.012),
    predictionMl: close(0.024),
    volumeDifferenceMl: close(0.012),
    absoluteVolumeDifferenceMl: close(0.012),
    volumeDifferencePercent: close(100),
    absoluteVolumeDifferencePercent: close(100),
    lesions: {
      recall: 1,
      precision: 1,
      f1: 1,
      truthLesions: 1,
      foundLesions: 1,
      predictedLesions: 1,
      rightLesions: 1,
    },
  });
});

test("a volume that is missing has a negative difference and a positive absolute one", () => {
  const scores = segmentationScores(bar, voxel);
  expect(toJson(scores.volumeDifferenceMl)).toBeCloseTo(-0.012, 12);
  expect(toJson(scores.absoluteVolumeDifferenceMl)).toBeCloseTo(0.012, 12);
  expect(toJson(scores.volumeDifferencePercent)).toBeCloseTo(-50, 12);
  expect(toJson(scores.absoluteVolumeDifferencePercent)).toBeCloseTo(50, 12);
});

const overlaps = ["vdsc", "sdsc", "aso"] as const;
const distances = ["asdMm", "asdVoxelMm", "hd95Mm", "hd95VoxelMm"] as const;

test.each([
  { name: "both masks", truth: nothing, prediction: nothing, because: "both are empty", overlap: "both are empty" },
  { name: "the truth", truth: nothing, prediction: bar, because: "truth is empty", overlap: 0 },
  { name: "the prediction", truth: bar, prediction: nothing, because: "prediction is empty", overlap: 0 },
])("with $name empty every score is a number or says why not", ({ truth, prediction, because, overlap }) => {
  const json = segmentationJson(segmentationScores(truth, prediction));
  const expected = typeof overlap === "number" ? overlap : { undefined: overlap };
  for (const name of overlaps) expect(json[name], name).toEqual(expected);
  expect(json.tolerances).toEqual([{ toleranceMm: 1, sdsc: expected, aso: expected }]);
  for (const name of distances) expect(json[name], name).toEqual({ undefined: because });
  expect(json.sensitivity).toEqual(because === "prediction is empty" ? 0 : { undefined: because });
  expect(json.precision).toEqual(because === "truth is empty" ? 0 : { undefined: because });
  expect(json.volumeDifferencePercent).toEqual(because === "prediction is empty" ? -100 : { undefined: because });
  expect(json.truthMl).toBe(because === "prediction is empty" ? 0.024 : 0);
  expect(json.predictionMl).toBe(because === "truth is empty" ? 0.024 : 0);
  expect(JSON.stringify(json)).not.toMatch(/null|NaN|Infinity/);
});

test("a mask that fills the whole volume is as good as any other", () => {
  const full = maskWhere(grid, () => true);
  const json = segmentationJson(segmentationScores(full, full));
  for (const name of overlaps) expect(json[name], name).toBe(1);
  for (const name of distances) expect(json[name], name).toBe(0);
});

test("one slice, one row and one voxel have surfaces too", () => {
  for (const size of [
    { x: 4, y: 3, z: 1 },
    { x: 4, y: 1, z: 1 },
    { x: 1, y: 1, z: 1 },
  ]) {
    const full = maskWhere(gridOf(size, grid.spacingMm), () => true);
    expect(toJson(segmentationScores(full, full).sdsc)).toBe(1);
  }
});

test("a label picks its voxels in both masks, and no label all", () => {
  const truth = mask(grid, [{ x: 2, y: 3, z: 4 }], 2);
  const other = mask(grid, [{ x: 2, y: 3, z: 4 }], 1);
  expect(toJson(segmentationScores(truth, other).vdsc)).toBe(1);
  expect(toJson(segmentationScores(truth, other, { label: 2 }).vdsc)).toBe(0);
  expect(toJson(segmentationScores(truth, truth, { label: 2 }).vdsc)).toBe(1);
  expect(toJson(segmentationScores(truth, truth, { label: 3 }).vdsc)).toEqual({ undefined: "both are empty" });
});

test("from an estimated spacing no volume in ml comes, but distances do", () => {
  const json = segmentationJson(segmentationScores(voxel, bar, { spacing: "estimated" }));
  const because = { undefined: "spacing is estimated" };
  for (const name of ["truthMl", "predictionMl", "volumeDifferenceMl", "absoluteVolumeDifferenceMl"] as const) {
    expect(json[name], name).toEqual(because);
  }
  expect(json.hd95Mm).toBe(1);
  expect(json.volumeDifferencePercent).toBe(100);
});

test("no tolerance at all is refused", () => {
  expect(() => segmentationScores(voxel, bar, { tolerancesMm: [] })).toThrow(
    "at least one tolerance in mm is needed for the surface scores, none was given",
  );
});

// Ragged shapes that touch the border, with specks, at unequal sizes and spacings.
const wide = gridOf({ x: 17, y: 13, z: 9 }, { x: 0.7, y: 1.1, z: 3.1 });
const blobs = [
  { centre: [2, 5, 4], radius: [5, 4, 3] },
  { centre: [12, 9, 6], radius: [3, 4, 2] },
];
const truth = draw(wide, { blobs, holes: [{ centre: [3, 5, 4], radius: [1, 2, 1] }], key: 5, perMille: 8 });
const shifted = blobs.map(({ centre: [x, y, z], radius }) => ({
  centre: [(x ?? 0) + 1, y ?? 0, (z ?? 0) + 1],
  radius,
}));
const prediction = draw(wide, { blobs: shifted, holes: [], key: 6, perMille: 4 });

function expectSame(a: SegmentationJson, b: SegmentationJson): void {
  const values = (json: SegmentationJson) => Object.entries(json).filter(([, value]) => typeof value === "number");
  expect(values(a).length).toBe(15);
  for (const [name, value] of values(a)) expect(b[name as "vdsc"], name).toBeCloseTo(value as number, 10);
  expect(b.lesions).toEqual(a.lesions);
}

const scored = (a: Volume<"label">, b: Volume<"label">): SegmentationJson =>
  segmentationJson(segmentationScores(a, b, { tolerancesMm: [1, 3] }));

test("renaming the axes with their spacing changes no score", () => {
  const original = scored(truth, prediction);
  expectSame(original, scored(rotated(truth), rotated(prediction)));
  expectSame(original, scored(rotated(rotated(truth)), rotated(rotated(prediction))));
});

test("a mirror changes no score", () => {
  expectSame(scored(truth, prediction), scored(mirrored(truth), mirrored(prediction)));
});

test("empty space around the masks changes no score, so a border is like any other place", () => {
  const room = (volume: Volume<"label">) => enlarged(volume, { x: 1, y: 4, z: 2 }, { x: 3, y: 1, z: 5 });
  expectSame(scored(truth, prediction), scored(room(truth), room(prediction)));
});

test("truth and prediction can change places, but for what has a direction", () => {
  const [there, back] = [scored(truth, prediction), scored(prediction, truth)];
  for (const name of [...overlaps, ...distances]) expect(back[name], name).toBeCloseTo(there[name] as number, 12);
  expect(back.sensitivity).toBe(there.precision);
  expect(back.truthMl).toBe(there.predictionMl);
  expect(back.lesions.recall).toEqual(there.lesions.precision);
});

test("doubling every spacing doubles every distance", () => {
  const doubled = (volume: Volume<"label">) => ({
    ...volume,
    grid: gridOf(wide.size, { x: 1.4, y: 2.2, z: 6.2 }),
  });
  const [small, large] = [scored(truth, prediction), scored(doubled(truth), doubled(prediction))];
  for (const name of distances) expect(large[name], name).toBeCloseTo(2 * (small[name] as number), 12);
});

test("only cases whose truth is empty count for specificity", () => {
  const cases = [
    segmentationScores(nothing, nothing),
    segmentationScores(nothing, bar),
    segmentationScores(nothing, nothing),
    segmentationScores(bar, nothing),
    segmentationScores(bar, bar),
  ];
  expect(toJson(specificityOverCases(cases))).toBeCloseTo(2 / 3, 12);
  expect(toJson(specificityOverCases(cases.slice(3)))).toEqual({ undefined: "no lesion-free case" });
});
