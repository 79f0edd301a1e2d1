import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { isNotGiven } from "@multirnet/base";
import { expect, test } from "vitest";

import { writeDatasetReport } from "../reporting/write-dataset-report.js";
import { summariseDataset } from "./summary.js";
import { GRID, madeFolder, madeMask, madeScan } from "./testing/made-dataset.js";

const { x, y, z } = GRID.spacingMm;
const VOXEL_ML = (x * y * z) / 1000;

test("a dataset is summed up case by case, and all together", async () => {
  const scan = madeScan();
  const dir = await madeFolder({
    "dataset.json": '{"name": "two kinds", "labels": {"ground-glass": 1, "consolidation": 2}, "file_ending": ".nii"}',
    "cases.csv": "case,patient,diagnosis,source\na,p1,covid-19,x\nb,p1,covid-19,x\nc,p2,normal,y\n",
    "imagesTr/a_0000.nii": scan,
    "imagesTr/b_0000.nii": scan,
    "imagesTr/c_0000.nii": scan,
    // Two voxels that touch at a corner, and one apart.
    "labelsTr/a.nii": madeMask([
      [{ x: 2, y: 2, z: 1 }, 1],
      [{ x: 3, y: 3, z: 2 }, 2],
      [{ x: 6, y: 2, z: 4 }, 1],
    ]),
    "labelsTr/b.nii": madeMask([]),
  });
  const seen: number[] = [];
  const summary = await summariseDataset(dir, { onCase: (done) => seen.push(done) });
  expect(seen).toEqual([1, 2, 3]);
  const close = (ml: number): unknown => expect.closeTo(ml, 9);
  expect(summary).toMatchObject({
    name: "two kinds",
    cases: 3,
    patients: 2,
    diagnoses: { "covid-19": 2, normal: 1 },
    sources: { x: 2, y: 1 },
    splits: { train: 3 },
    masks: { drawn: 2, empty: 1, unknown: 0 },
    labels: { "ground-glass": { cases: 1, ml: close(2 * VOXEL_ML) }, consolidation: { cases: 1, ml: close(VOXEL_ML) } },
    size: { x: { min: 9, median: 9, max: 9 }, z: { min: 5, median: 5, max: 5 } },
    lesionMl: { min: close(3 * VOXEL_ML), max: close(3 * VOXEL_ML) },
    pieceMl: { min: close(VOXEL_ML), max: close(2 * VOXEL_ML) },
  });
  expect(summary.perCase.map((one) => [one.case, one.lesions])).toEqual([
    ["a", 2],
    ["b", 0],
    ["c", { undefined: "normal, without lesions" }],
  ]);
  expect(summary.perCase[0]?.lesionHu).toEqual({ p5: 40, median: 40, p95: 40 });
  expect(summary.perCase[1]?.lesionHu).toEqual({ undefined: "no lesion was drawn" });
  const { hu, lesionHu, pieceMl } = summary.histograms;
  expect(hu.counts.reduce((a, b) => a + b)).toBe(3 * 9 * 7 * 5);
  const place = lesionHu.counts.findIndex((count) => count > 0);
  expect([lesionHu.edges[place], lesionHu.counts[place]]).toEqual([40, 3]); // stretches of 30 from −1100 up
  expect(isNotGiven(pieceMl) ? [] : pieceMl.counts.filter((count) => count > 0)).toEqual([1, 1]);

  const page = join(dir, "summary.html");
  await writeDatasetReport(page, summary);
  const html = await readFile(page, "utf8");
  for (const words of ["two kinds", "in lesions", "9 × 7 × 5", "normal, without lesions"])
    expect(html).toContain(words);
});

test("no ml is told from an estimated spacing", async () => {
  const dir = await madeFolder({
    "dataset.json": '{"name": "d", "labels": {"lesion": 1}, "file_ending": ".nii"}',
    "cases.csv": "case,estimated\na,spacing\n",
    "imagesTr/a_0000.nii": madeScan(),
    "labelsTr/a.nii": madeMask([[{ x: 2, y: 2, z: 1 }, 1]]),
  });
  const unknown = { undefined: "spacing is estimated" };
  expect(await summariseDataset(dir)).toMatchObject({
    estimated: ["spacing"],
    lesionMl: unknown,
    pieceMl: unknown,
    labels: { lesion: { cases: 1, ml: unknown } },
    perCase: [{ lesionMl: unknown, lesions: 1 }],
    histograms: { pieceMl: unknown },
  });
});
