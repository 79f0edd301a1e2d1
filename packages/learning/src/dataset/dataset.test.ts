import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterEach, expect, test } from "vitest";

import { labelValues, openDataset } from "./dataset.js";
import { explainDatasetProblem } from "./dataset-error.js";
import { surveyDataset } from "./survey.js";

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

/** A folder with these files; opening a dataset hashes scans without decoding them, so any bytes do. */
async function folder(files: Readonly<Record<string, string>>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "dataset-"));
  folders.push(dir);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(join(dir, name), text);
  }
  return dir;
}

const json = '{"name": "T", "labels": {"background": 0, "lesion": 1}, "file_ending": ".nii"}';
const full = {
  "dataset.json": json,
  "cases.csv":
    "case,patient,diagnosis,split,source,fold,estimated\n" +
    "a,p1,covid-19,train,x,0,spacing\n" +
    "b,p2,normal,train,x,1,\n" +
    "c,p3,cap,,y,,\n" +
    "d,p4,,test,y,,\n",
  "imagesTr/a_0000.nii": "image a",
  "imagesTr/b_0000.nii": "image b",
  "imagesTs/c_0000.nii": "image c",
  "imagesTr/d_0000.nii": "image d",
  "labelsTr/a.nii": "mask a",
  "lungsTr/a.nii": "lung a",
  "labelsTr/d.nii": "mask d",
};

test("a folder with a table opens: drawn, empty and unknown masks, lungs, splits and folds", async () => {
  const dir = await folder(full);
  const dataset = await openDataset(dir);
  expect(dataset).toEqual({
    dir,
    name: "T",
    labels: { lesion: 1 },
    hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    cases: [
      {
        name: "a",
        patient: "p1",
        diagnosis: "covid-19",
        split: "train",
        source: "x",
        fold: 0,
        estimated: ["spacing"],
        image: join(dir, "imagesTr/a_0000.nii"),
        mask: "drawn",
        label: join(dir, "labelsTr/a.nii"),
        lung: join(dir, "lungsTr/a.nii"),
      },
      {
        name: "b",
        patient: "p2",
        diagnosis: "normal",
        split: "train",
        source: "x",
        fold: 1,
        estimated: [],
        image: join(dir, "imagesTr/b_0000.nii"),
        mask: "empty", // by definition of normal
      },
      {
        name: "c",
        patient: "p3",
        diagnosis: "cap",
        split: "test", // the folder says so
        source: "y",
        estimated: [],
        image: join(dir, "imagesTs/c_0000.nii"),
        mask: "unknown",
      },
      {
        name: "d",
        patient: "p4",
        split: "test", // the table says so
        source: "y",
        estimated: [],
        image: join(dir, "imagesTr/d_0000.nii"),
        mask: "drawn",
        label: join(dir, "labelsTr/d.nii"),
      },
    ],
  });
});

test("a misspelt column that keeps cases apart is refused; another one is a warning, and so is one beside the right one", async () => {
  const withColumn = async (from: string, to: string): Promise<string> =>
    folder({ ...full, "cases.csv": full["cases.csv"].replace(from, to) });
  const known = "known columns are case, patient, diagnosis, split, source, fold, estimated";
  for (const [column, misspelt] of [
    ["patient", "patient_id"],
    ["split", "Split"],
    ["fold", "folds"],
  ] as const) {
    const dir = await withColumn(column, misspelt);
    await expect(openDataset(dir)).rejects.toThrow(
      `cases.csv has a column ${misspelt} that nothing reads (did you mean ${column}?); ${known}`,
    );
  }
  await openDataset(await withColumn("source", "sources"));
  await openDataset(await withColumn("source", "patients"));
});

test("a plain nnU-Net folder opens: every image its own patient, of imagesTs to test", async () => {
  const dir = await folder({
    "dataset.json": '{"labels": {"lesion": 1}}',
    "imagesTr/b_1_0000.nii.gz": "b",
    "imagesTr/a_0000.nii.gz": "a",
    "imagesTr/.a_0000.nii.gz": "left by a copying program",
    "imagesTs/t_0000.nii.gz": "t",
    "labelsTr/a.nii.gz": "mask",
  });
  const { cases } = await openDataset(dir);
  expect(cases.map(({ name, patient, split, mask }) => [name, patient, split, mask])).toEqual([
    ["a", "a", "train", "drawn"],
    ["b_1", "b_1", "train", "unknown"],
    ["t", "t", "test", "unknown"],
  ]);
});

test("the hash is that of the contents: the same after a move, another after a byte or a name changes", async () => {
  const dir = await folder(full);
  const { hash } = await openDataset(dir);
  const copy = await folder(full);
  expect((await openDataset(copy)).hash).toBe(hash);
  await writeFile(join(copy, "labelsTr/a.nii"), "mask A");
  expect((await openDataset(copy)).hash).not.toBe(hash);
  const renamed = await folder(full);
  await rename(join(renamed, "labelsTr/d.nii"), join(renamed, "labelsTr/b.nii"));
  expect((await openDataset(renamed)).hash).not.toBe(hash);
});

test("faults of the table, missing images and a torn patient are told together", async () => {
  const dir = await folder({
    "dataset.json": json,
    "cases.csv": "case,patient,split\na,p1,train\nb,p1,test\nc,p3,train\nd,p4,somewhere\n",
    "imagesTr/a_0000.nii": "a",
    "imagesTr/b_0000.nii": "b",
    "imagesTr/d_0000.nii": "d",
    "imagesTr/e_0000.nii": "e",
    "labelsTr/z.nii": "z",
    "lungsTs/y.nii": "y",
  });
  const { problems, cases } = await surveyDataset(dir);
  expect(cases.map(({ name }) => name)).toEqual(["a", "b"]);
  expect(problems.map((problem) => explainDatasetProblem(problem).replaceAll(dir, "D"))).toEqual([
    "D/cases.csv row 5 (case d): split must be train, test or empty, got somewhere",
    "D/cases.csv row 4: case c has no image c_0000.nii in imagesTr or imagesTs",
    "D/imagesTr/e_0000.nii has no row in D/cases.csv, so case e is left out",
    "D/labelsTr/z.nii is a mask of case z, which has no image",
    "D/lungsTs/y.nii is a mask of case y, which has no image",
    "patient p1 is in train and in test (cases a, b)",
  ]);
  await expect(openDataset(dir)).rejects.toThrow(
    "cases.csv row 5 (case d): split must be train, test or empty, got somewhere",
  );
});

test("an image of a patient in two folds, and one in both image folders, stop the opening", async () => {
  const torn = await folder({
    "dataset.json": json,
    "cases.csv": "case,patient,fold\na,p,0\nb,p,1\n",
    "imagesTr/a_0000.nii": "a",
    "imagesTr/b_0000.nii": "b",
  });
  await expect(openDataset(torn)).rejects.toThrow(
    "patient p is in folds 0 and 1 (cases a, b); all cases of a patient belong in one fold",
  );
  const twice = await folder({ "dataset.json": json, "imagesTr/a_0000.nii": "a", "imagesTs/a_0000.nii": "a" });
  await expect(openDataset(twice)).rejects.toThrow(
    `case a has two files where one is expected: ${twice}/imagesTr/a_0000.nii and ${twice}/imagesTs/a_0000.nii`,
  );
  const masks = await folder({ ...full, "labelsTs/a.nii": "another" });
  await expect(openDataset(masks)).rejects.toThrow(
    `case a has two files where one is expected: ${masks}/labelsTr/a.nii and ${masks}/labelsTs/a.nii`,
  );
});

test("an unlisted image is no reason not to open", async () => {
  const dir = await folder({ ...full, "imagesTr/e_0000.nii": "e" });
  expect((await openDataset(dir)).cases).toHaveLength(4);
});

test("no folder, no dataset.json, no images: each says what was expected", async () => {
  const dir = await folder({ "dataset.json": json, "imagesTr/a.nii": "without the channel's number" });
  await expect(openDataset(join(dir, "none"))).rejects.toThrow(
    `${dir}/none is not a folder; expected a dataset folder with dataset.json and imagesTr`,
  );
  await expect(openDataset(join(dir, "imagesTr"))).rejects.toThrow(
    `cannot read ${dir}/imagesTr/dataset.json: there is no such file`,
  );
  await expect(openDataset(dir)).rejects.toThrow(`no image in ${dir}/imagesTr; expected files named CASE_0000.nii`);
});

test("lesion is the union of its types where a dataset tells them apart", () => {
  expect(labelValues({ "ground-glass": 1, consolidation: 2, effusion: 3 }, "lesion")).toEqual([1, 2]);
  expect(labelValues({ "ground-glass": 1, consolidation: 2 }, "consolidation")).toEqual([2]);
  expect(labelValues({ lesion: 4 }, "lesion")).toEqual([4]);
  expect(() => labelValues({ lesion: 4 }, "ground-glass")).toThrow(
    "the dataset has no label ground-glass; dataset.json names lesion",
  );
});
