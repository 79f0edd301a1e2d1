import { readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

import { checkDataset } from "./check.js";
import { GRID, madeFolder, madeMask, madeScan } from "./testing/made-dataset.js";

const json = '{"labels": {"background": 0, "lesion": 1}, "file_ending": ".nii"}';
const lesion = madeMask([[{ x: 3, y: 3, z: 2 }, 1]]);

test("a sound dataset has no problems", async () => {
  const dir = await madeFolder({
    "dataset.json": json,
    "cases.csv": "case,patient,diagnosis\na,p1,covid-19\nb,p2,normal\n",
    "imagesTr/a_0000.nii": madeScan(),
    "imagesTr/b_0000.nii": madeScan(),
    "labelsTr/a.nii": lesion,
    "lungsTr/a.nii": madeMask([[{ x: 4, y: 3, z: 2 }, 2]]),
  });
  expect(await checkDataset(dir)).toEqual({ cases: 2, problems: [] });
});

test("what a reader had to assume is told, of masks too", async () => {
  const dir = await madeFolder({ "dataset.json": json, "imagesTr/a_0000.nii": madeScan(), "labelsTr/a.nii": lesion });
  const path = join(dir, "labelsTr/a.nii");
  const file = await readFile(path);
  for (const code of [252, 254]) file.writeInt16LE(0, code); // neither qform nor sform: the reader says what it takes the axes for
  await writeFile(path, file);
  const { problems } = await checkDataset(dir);
  const warned = problems.filter(({ code }) => code === "DATASET_SCAN_WARNING");
  expect(warned.map(({ message }) => message)).toEqual([expect.stringContaining(`${path}: `)]);
});

test("a folder that is there but cannot be looked into is named", async () => {
  const dir = await madeFolder({ "dataset.json": json });
  await symlink("imagesTr", join(dir, "imagesTr")); // to itself
  expect(await checkDataset(dir)).toEqual({
    cases: 0,
    problems: [
      {
        code: "DATASET_FILE_UNREADABLE",
        severity: "error",
        message: `cannot read ${dir}/imagesTr: ELOOP: too many symbolic links encountered, scandir '${dir}/imagesTr'`,
      },
    ],
  });
});

test("all that is wrong is told at once, with its case and its weight", async () => {
  const other = { ...GRID, originMm: { ...GRID.originMm, z: 31 } };
  const dir = await madeFolder({
    "dataset.json": json,
    "cases.csv":
      "case,patient,diagnosis,split,fold\n" +
      "cut,p1,covid,train,0\n" +
      "grid,p2,covid-19,train,0\n" +
      "value,p3,cap,train,0\n" +
      "empty,p4,cap,train,0\n" +
      "well,p5,normal,train,0\n" +
      "thick,p6,,train,0\n" +
      "torn1,p7,cap,train,0\n" +
      "torn2,p7,cap,train,1\n" +
      "gone,p8,cap,train,1\n" +
      "both,p9,cap,training,1\n",
    "imagesTr/cut_0000.nii": "no NIfTI at all",
    "imagesTr/grid_0000.nii": madeScan(),
    "labelsTr/grid.nii": madeMask([[{ x: 3, y: 3, z: 2 }, 1]], other),
    "imagesTr/value_0000.nii": madeScan(),
    "labelsTr/value.nii": madeMask([[{ x: 2, y: 3, z: 4 }, 5]]),
    "lungsTr/value.nii": madeMask([]),
    "imagesTr/empty_0000.nii": madeScan(),
    "labelsTr/empty.nii": madeMask([]),
    "imagesTr/well_0000.nii": madeScan(),
    "labelsTr/well.nii": lesion,
    "imagesTr/thick_0000.nii": madeScan({ ...GRID, spacingMm: { x: 0.7, y: 0.7, z: 40 } }),
    "imagesTr/torn1_0000.nii": madeScan(),
    "imagesTr/torn2_0000.nii": madeScan(),
    "imagesTr/both_0000.nii": madeScan(),
    "imagesTr/extra_0000.nii": madeScan(),
    "labelsTr/lonely.nii": lesion,
  });
  const { cases, problems } = await checkDataset(dir);
  expect(cases).toBe(8);
  const shown = problems.map(({ code, severity, case: name, message }) => [
    severity,
    code,
    name,
    message.replaceAll(dir, "D"),
  ]);
  expect(shown).toEqual([
    [
      "error",
      "DATASET_CELL",
      "both",
      "D/cases.csv row 11 (case both): split must be train, test or empty, got training",
    ],
    [
      "error",
      "DATASET_IMAGE_MISSING",
      "gone",
      "D/cases.csv row 10: case gone has no image gone_0000.nii in imagesTr or imagesTs",
    ],
    [
      "warning",
      "DATASET_IMAGE_UNLISTED",
      "extra",
      "D/imagesTr/extra_0000.nii has no row in D/cases.csv, so case extra is left out",
    ],
    [
      "warning",
      "DATASET_MASK_WITHOUT_IMAGE",
      "lonely",
      "D/labelsTr/lonely.nii is a mask of case lonely, which has no image",
    ],
    [
      "error",
      "DATASET_PATIENT_IN_TWO_FOLDS",
      undefined,
      "patient p7 is in folds 0 and 1 (cases torn1, torn2); all cases of a patient belong in one fold",
    ],
    [
      "warning",
      "DATASET_DIAGNOSIS_UNKNOWN",
      "cut",
      "D/cases.csv row 2 (case cut): diagnosis covid is not among covid-19, cap, normal",
    ],
    ["error", "DATASET_SCAN_UNREADABLE", "cut", expect.stringMatching(/^case cut: D\/imagesTr\/cut_0000\.nii /)],
    [
      "error",
      "DATASET_GRID_DIFFERS",
      "grid",
      "case grid: D/labelsTr/grid.nii and D/imagesTr/grid_0000.nii are not on the same grid: D/labelsTr/grid.nii has its first voxel " +
        "at (-10, 20, 31) mm, D/imagesTr/grid_0000.nii has its first voxel at (-10, 20, 30) mm",
    ],
    [
      "error",
      "DATASET_SCAN_UNREADABLE",
      "value",
      "case value: D/labelsTr/value.nii holds the label 5 at voxel (2, 3, 4): expected only 0, 1",
    ],
    ["warning", "DATASET_LUNG_EMPTY", "value", "case value: the lung mask D/lungsTr/value.nii is empty"],
    [
      "warning",
      "DATASET_MASK_EMPTY",
      "empty",
      "case empty: D/labelsTr/empty.nii is empty although the diagnosis is cap",
    ],
    [
      "warning",
      "DATASET_MASK_OF_NORMAL",
      "well",
      "case well: D/labelsTr/well.nii has 1 lesion voxels although the diagnosis is normal",
    ],
    [
      "warning",
      "DATASET_CASE_WITHOUT_TRUTH",
      "thick",
      "case thick has neither a mask nor a diagnosis, so nothing can be learned or measured from it",
    ],
    [
      "warning",
      "DATASET_SPACING_ODD",
      "thick",
      "case thick: D/imagesTr/thick_0000.nii has a spacing of 0.7 × 0.7 × 40 mm; a chest CT has 0.3 to 3 mm in the slice and 0.3 to 15 mm between slices",
    ],
  ]);
});

test("a reader's warning is passed on", async () => {
  const scan = madeScan();
  scan.voxels[7] = Number.NaN;
  const dir = await madeFolder({ "dataset.json": json, "imagesTr/a_0000.nii": scan, "labelsTr/a.nii": lesion });
  const { problems } = await checkDataset(dir);
  expect(problems.map(({ code, severity }) => [code, severity])).toEqual([["DATASET_SCAN_WARNING", "warning"]]);
});

test("a folder that is none is a finding, not a crash", async () => {
  const dir = await madeFolder();
  expect(await checkDataset(`${dir}/none`)).toEqual({
    cases: 0,
    problems: [
      {
        code: "DATASET_FOLDER_MISSING",
        severity: "error",
        message: `${dir}/none is not a folder; expected a dataset folder with dataset.json and imagesTr`,
      },
    ],
  });
});

test("a second channel is refused", async () => {
  const dir = await madeFolder({
    "dataset.json": json,
    "imagesTr/a_0000.nii": madeScan(),
    "imagesTr/a_0001.nii": madeScan(),
    "labelsTr/a.nii": lesion,
  });
  expect((await checkDataset(dir)).problems).toEqual([
    {
      code: "DATASET_SECOND_CHANNEL",
      severity: "error",
      message: `${dir}/imagesTr/a_0001.nii is the second channel of an image; expected one, the CT`,
    },
  ]);
});

test("a check can be stopped, and tells how far it is", async () => {
  const dir = await madeFolder({
    "dataset.json": json,
    "imagesTr/a_0000.nii": madeScan(),
    "imagesTr/b_0000.nii": madeScan(),
  });
  const told: string[] = [];
  await checkDataset(dir, { onCase: (done, of) => told.push(`${String(done)}/${String(of)}`) });
  expect(told).toEqual(["1/2", "2/2"]);
  const stop = new AbortController();
  const stopped = checkDataset(dir, { onCase: () => stop.abort(), signal: stop.signal });
  await expect(stopped).rejects.toThrow("This operation was aborted");
});
