import { execFileSync } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { openDataset } from "./dataset.js";
import { importDataset } from "./import.js";
import { GRID, madeFolder, madeMask, madeScan } from "./testing/made-dataset.js";

const mark = madeMask([[{ x: 3, y: 3, z: 2 }, 1]]);

const aligned = {
  "cases.csv": "case,nx,slices_no_infection\ncoronacases_001,9,0\nradiopaedia_7_85703_0,9,2\n",
  "folds.csv": "case,fold\nradiopaedia_7_85703_0,1\ncoronacases_001,0\n",
  "image/coronacases_001.nii.gz": madeScan(),
  "image/radiopaedia_7_85703_0.nii.gz": madeScan(),
  "infection/coronacases_001.nii.gz": mark,
  "infection/radiopaedia_7_85703_0.nii.gz": mark,
  "lung/coronacases_001.nii.gz": mark,
  "lung/radiopaedia_7_85703_0.nii.gz": mark,
};

test("covid-ct-seg-aligned: files copied as they are, folds and estimates carried along", async () => {
  const source = await madeFolder(aligned);
  const out = join(await madeFolder(), "deep", "out");
  const { cases, problems } = await importDataset("covid-ct-seg-aligned", source, out);
  expect(cases).toBe(2);
  expect(problems).toEqual([
    {
      code: "DATASET_SLICES_UNLABELLED",
      severity: "note",
      case: "radiopaedia_7_85703_0",
      message:
        "case radiopaedia_7_85703_0: 2 slices are marked no-infection by their source; their lesion masks are empty, and their lung masks too",
    },
  ]);
  expect(await readFile(join(out, "cases.csv"), "utf8")).toBe(
    "case,patient,diagnosis,split,source,fold,estimated\n" +
      "coronacases_001,coronacases_001,covid-19,train,coronacases,0,spacing;intensity\n" +
      "radiopaedia_7_85703_0,radiopaedia_7_85703_0,covid-19,train,radiopaedia,1,spacing;intensity\n",
  );
  const dataset = await openDataset(out);
  expect(dataset.labels).toEqual({ lesion: 1 });
  expect(dataset.name).toBe("covid-ct-seg-aligned");
  const [first] = dataset.cases;
  for (const [path, from] of [
    [first?.image, "image"],
    [first?.label, "infection"],
    [first?.lung, "lung"],
  ] as const) {
    expect(await readFile(path ?? "")).toEqual(await readFile(join(source, from, "coronacases_001.nii.gz")));
  }
  expect(await readdir(join(out, ".."))).toEqual(["out"]);
});

test("covid-ct-seg-aligned: a table that is there but cannot be read is named itself", async () => {
  const { "folds.csv": _, ...rest } = aligned;
  const source = await madeFolder({ ...rest, "folds.csv/of": "" }); // a folder
  await expect(importDataset("covid-ct-seg-aligned", source, join(source, "out"))).rejects.toMatchObject({
    code: "DATASET_FILE_UNREADABLE",
    message: `cannot read ${source}/folds.csv: EISDIR: illegal operation on a directory, read`,
  });
});

test("nnunet: labels, splits and the ending are kept; every case its own patient", async () => {
  const source = await madeFolder({
    "dataset.json":
      '{"name": "Task", "channel_names": {"0": "CT"}, "labels": {"background": 0, "ground-glass": 1, "consolidation": 2}, "file_ending": ".nii"}',
    "imagesTr/a_0000.nii": madeScan(),
    "imagesTs/t_0000.nii": madeScan(),
    "labelsTr/a.nii": mark,
    "labelsTs/t.nii": mark,
  });
  const out = await madeFolder(); // an empty folder will do
  expect(await importDataset("nnunet", source, out)).toEqual({ cases: 2, problems: [] });
  expect(await readFile(join(out, "cases.csv"), "utf8")).toBe(
    "case,patient,diagnosis,split,source\na,a,,train,\nt,t,,test,\n",
  );
  const dataset = await openDataset(out);
  expect(dataset.labels).toEqual({ "ground-glass": 1, consolidation: 2 });
  expect(dataset.cases.map(({ name, split, label }) => [name, split, label])).toEqual([
    ["a", "train", join(out, "labelsTr/a.nii")],
    ["t", "test", join(out, "labelsTs/t.nii")],
  ]);
  expect(JSON.parse(await readFile(join(out, "dataset.json"), "utf8"))).toEqual({
    name: "Task",
    channel_names: { "0": "CT" },
    labels: { background: 0, "ground-glass": 1, consolidation: 2 },
    numTraining: 1,
    file_ending: ".nii",
  });
});

test("nnunet: a dataset of ours goes through with all its table says", async () => {
  const source = await madeFolder(aligned);
  const [once, twice] = [join(await madeFolder(), "a"), join(await madeFolder(), "b")];
  await importDataset("covid-ct-seg-aligned", source, once);
  await importDataset("nnunet", once, twice);
  expect((await openDataset(twice)).hash).toBe((await openDataset(once)).hash);
});

test("what is wrong inside a scan is told after the import, not a reason to fail", async () => {
  const other = { ...GRID, spacingMm: { ...GRID.spacingMm, z: 3 } };
  const source = await madeFolder({ ...aligned, "infection/coronacases_001.nii.gz": madeMask([], other) });
  const out = join(await madeFolder(), "out");
  const { problems } = await importDataset("covid-ct-seg-aligned", source, out);
  expect(problems.map(({ code, case: name }) => [code, name])).toEqual([
    ["DATASET_SLICES_UNLABELLED", "radiopaedia_7_85703_0"],
    ["DATASET_GRID_DIFFERS", "coronacases_001"],
  ]);
});

/** What an import that must fail says; and it must leave nothing behind. */
async function refused(kind: string, files: Parameters<typeof madeFolder>[0]): Promise<string> {
  const source = await madeFolder(files);
  const around = await madeFolder();
  const message = await importDataset(kind, source, join(around, "out")).then(
    () => "nothing was thrown",
    (error: unknown) => (error as Error).message,
  );
  expect(await readdir(around)).toEqual([]);
  return message.replaceAll(source, "SOURCE");
}

test("sources that are not what they should be are refused, and nothing is left", async () => {
  const { "folds.csv": _, "infection/coronacases_001.nii.gz": __, ...partial } = aligned;
  expect(await refused("covid-ct-seg-aligned", partial)).toBe(
    "SOURCE does not look like covid-ct-seg-aligned: expected infection/coronacases_001.nii.gz, since cases.csv names coronacases_001",
  );
  expect(await refused("covid-ct-seg-aligned", {})).toBe(
    "SOURCE does not look like covid-ct-seg-aligned: expected a table cases.csv beside the folders image, infection and lung",
  );
  expect(await refused("covid-ct-seg-aligned", { ...aligned, "folds.csv": "case,fold\ncoronacases_001,one\n" })).toBe(
    "SOURCE/folds.csv row 2 (case coronacases_001): fold must be a whole number from 0, got one",
  );
  expect(await refused("covid-ct-seg-aligned", { ...aligned, "folds.csv": "case,part\ncoronacases_001,1\n" })).toBe(
    "SOURCE/folds.csv has no column fold; it has case, part",
  );
  expect(await refused("covid-ct-seg-aligned", { ...aligned, "cases.csv": "name\nx\n" })).toBe(
    "SOURCE/cases.csv has no column case; it has name",
  );
  expect(await refused("nnunet", { "imagesTr/a_0000.nii.gz": madeScan() })).toBe(
    "cannot read SOURCE/dataset.json: there is no such file",
  );
  expect(await refused("nnunet", { "dataset.json": '{"labels": {}, "modality": {"0": "T1", "1": "T2"}}' })).toBe(
    "SOURCE/dataset.json names 2 image channels (T1, T2); expected one, the CT",
  );
  const twoChannels = {
    "dataset.json": '{"labels": {}}',
    "imagesTr/a_0000.nii.gz": madeScan(),
    "imagesTr/a_0001.nii.gz": madeScan(),
  };
  expect(await refused("nnunet", twoChannels)).toBe(
    "SOURCE/imagesTr/a_0001.nii.gz is the second channel of an image; expected one, the CT",
  );
  expect(await refused("nnunett", {})).toBe(
    "there is no dataset kind nnunett (did you mean nnunet?); known kinds are covid-ct-seg-aligned, covid-semiseg, nnunet",
  );
  expect(await refused("toString", {})).toContain("there is no dataset kind toString");
});

test("a table that names a case outside its folder is refused", async () => {
  const message = await refused("covid-ct-seg-aligned", {
    ...aligned,
    "cases.csv": "case\n../image/coronacases_001\n",
  });
  expect(message).toBe(
    "SOURCE/cases.csv row 2 (case ../image/coronacases_001): case must be a file name without its ending (no / and no leading dot), got ../image/coronacases_001",
  );
});

test("a table that names a case twice is refused", async () => {
  const twice = "case\ncoronacases_001\nradiopaedia_7_85703_0\ncoronacases_001\n";
  expect(await refused("covid-ct-seg-aligned", { ...aligned, "cases.csv": twice })).toBe(
    "SOURCE/cases.csv row 4: case coronacases_001 stands already in row 2",
  );
});

test("a folder that holds something is not touched", async () => {
  const source = await madeFolder(aligned);
  const out = await madeFolder({ "notes.txt": "mine" });
  await expect(importDataset("covid-ct-seg-aligned", source, out)).rejects.toThrow(
    `${out} exists already and is not an empty folder; name a new folder for the dataset`,
  );
  await expect(importDataset("covid-ct-seg-aligned", source, join(out, "notes.txt"))).rejects.toThrow("exists already");
  expect(await readdir(out)).toEqual(["notes.txt"]);
});

test("an import that breaks half way leaves nothing, and says where it could not write", async () => {
  const source = await madeFolder(aligned);
  const around = await madeFolder({ "a-file": "" });
  const blocked = join(around, "a-file", "out");
  await expect(importDataset("covid-ct-seg-aligned", source, blocked)).rejects.toThrow(
    new RegExp(`^cannot write ${blocked}: ENOTDIR: not a directory`),
  );
  const stop = new AbortController();
  stop.abort();
  await expect(
    importDataset("covid-ct-seg-aligned", source, join(around, "out"), { signal: stop.signal }),
  ).rejects.toThrow("This operation was aborted");
  expect(await readdir(around)).toEqual(["a-file"]);
});

test("a disk that fills up leaves nothing", async (context) => {
  const source = await madeFolder({ ...aligned, "lung/radiopaedia_7_85703_0.nii.gz": "x".repeat(400_000) });
  const disk = await madeFolder();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], { stdio: "ignore" });
  } catch {
    context.skip("this user may not mount a small disk");
  }
  onTestFinished(() => {
    execFileSync("umount", [disk]);
  });
  const out = join(disk, "out");
  await expect(importDataset("covid-ct-seg-aligned", source, out)).rejects.toThrow(
    `no space left on the disk for ${out}; nothing was written there`,
  );
  expect(await readdir(disk)).toEqual([]);
});
