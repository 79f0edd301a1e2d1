import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

import { openDataset } from "./dataset.js";
import { prepareCase } from "./prepare-case.js";
import type { PreparedCase } from "./prepared-case.js";
import { GRID, madeFolder, madeMask, madeScan } from "./testing/made-dataset.js";

const settings = { spacing: GRID.spacingMm, channels: ["lesion"] };

async function made(): Promise<{
  dir: string;
  cache: string;
  prepare: (name: string, change?: object) => Promise<PreparedCase>;
}> {
  const dir = await madeFolder({
    "dataset.json": '{"labels": {"ground-glass": 1, "consolidation": 2}, "file_ending": ".nii.gz"}',
    "cases.csv": "case,patient,diagnosis\na,p1,covid-19\nb,p2,normal\nc,p3,cap\n",
    "imagesTr/a_0000.nii.gz": madeScan(),
    "imagesTr/b_0000.nii.gz": madeScan(),
    "imagesTr/c_0000.nii.gz": madeScan(),
    "labelsTr/a.nii.gz": madeMask([
      [{ x: 2, y: 3, z: 1 }, 1],
      [{ x: 3, y: 3, z: 1 }, 2],
    ]),
    "lungsTr/a.nii.gz": madeMask([[{ x: 4, y: 3, z: 2 }, 2]]),
  });
  const cache = join(dir, "cache");
  const prepare = async (name: string, change: object = {}): Promise<PreparedCase> => {
    const { cases, labels } = await openDataset(dir);
    const entry = cases.find((candidate) => candidate.name === name);
    if (entry === undefined) throw new Error(name);
    return prepareCase(entry, labels, { ...settings, ...change }, cache);
  };
  return { dir, cache, prepare };
}

test("drawn, empty and unknown masks become a mask, an empty mask and none", async () => {
  const { prepare } = await made();
  const [drawn, normal, unknown] = [await prepare("a"), await prepare("b"), await prepare("c")];
  expect(drawn.components).toEqual([{ voxels: 2, centre: { x: 2.5, y: 3, z: 1 }, places: [92, 93] }]);
  expect(drawn.mask?.reduce((a, b) => a + b)).toBe(2);
  expect(drawn.placesAre).toBe("lung");
  expect(drawn.entry.diagnosis).toBe("covid-19");
  expect(normal.mask).toEqual(new Uint8Array(9 * 7 * 5));
  expect(normal.components).toEqual([]);
  expect(normal.placesAre).toBe("body");
  expect("mask" in unknown).toBe(false);
});

test("voxels lie in memory that threads share, on the first day too", async () => {
  const { prepare } = await made();
  const arrays = [await prepare("a"), await prepare("b"), await prepare("a")].flatMap(({ image, mask }) => [
    image,
    mask,
  ]);
  for (const array of arrays) expect(array?.buffer).toBeInstanceOf(SharedArrayBuffer);
});

test("what comes from the cache equals what was put there, and what is made without one", async () => {
  const { dir, cache, prepare } = await made();
  for (const name of ["a", "b", "c"]) {
    const first = await prepare(name);
    const files = await readdir(cache);
    expect(await prepare(name)).toEqual(first);
    expect(await readdir(cache)).toEqual(files);
    const { cases, labels } = await openDataset(dir);
    const entry = cases.find((candidate) => candidate.name === name);
    expect(entry && (await prepareCase(entry, labels, settings))).toEqual(first);
  }
  expect(await readdir(cache)).toHaveLength(3);
});

test("the cache is truly read: an entry that was exchanged for another comes out", async () => {
  const { cache, prepare } = await made();
  await prepare("b");
  const [file = ""] = await readdir(cache);
  const before = await prepare("b");
  // The entry of a scan of the same grid that is all air, under the file name of b but the key of its own.
  const other = await madeFolder({
    "dataset.json": '{"labels": {}}',
    "imagesTr/b_0000.nii.gz": { ...madeScan(), voxels: new Float32Array(315).fill(-1000) },
  });
  const { cases } = await openDataset(other);
  const [entry] = cases;
  if (entry === undefined) throw new Error("no case");
  await prepareCase(entry, {}, settings, join(other, "cache"));
  const [foreign = ""] = await readdir(join(other, "cache"));
  await writeFile(join(cache, file), await readFile(join(other, "cache", foreign)));
  expect(await prepare("b")).toEqual(before); // its key is another, so it was made anew
});

test("another spacing, other channels and a changed file each get an entry of their own", async () => {
  const { dir, cache, prepare } = await made();
  const first = await prepare("a");
  const types = await prepare("a", { channels: ["consolidation", "ground-glass"] });
  expect([...new Set(types.mask)]).toEqual([0, 2, 1]); // ground-glass, the config's second, comes first along x
  const coarse = await prepare("a", { spacing: { x: 3, y: 4.2, z: 2.5 } });
  expect(coarse.grid.size).toEqual({ x: 5, y: 2, z: 5 });
  for (const axis of ["x", "y", "z"] as const) {
    const { grid } = await prepare("a", { spacing: { ...GRID.spacingMm, [axis]: 20 } });
    expect(grid.size).toEqual({ ...GRID.size, [axis]: 1 });
  }
  const replacement = await madeFolder({ "a.nii.gz": madeMask([[{ x: 6, y: 5, z: 4 }, 1]]) });
  await writeFile(join(dir, "labelsTr/a.nii.gz"), await readFile(join(replacement, "a.nii.gz")));
  expect((await prepare("a")).components).toEqual([{ voxels: 1, centre: { x: 6, y: 5, z: 4 }, places: [303] }]);
  expect(await readdir(cache)).toHaveLength(7);
  expect(first.components).toHaveLength(1);
});

test("an entry cut short anywhere, or with a byte changed anywhere, is made anew", async () => {
  const { cache, prepare } = await made();
  const sound = await prepare("a");
  const [file = ""] = await readdir(cache);
  const path = join(cache, file);
  const bytes = await readFile(path);
  const places = [0, 3, 9, 11, 13, 60, 500, bytes.length - 700, bytes.length - 33, bytes.length - 1];
  for (const place of places) {
    await writeFile(path, bytes.subarray(0, place));
    expect(await prepare("a")).toEqual(sound);
    expect(await readFile(path)).toEqual(bytes);
    const changed = Buffer.from(bytes);
    changed[place] = (changed[place] ?? 0) ^ 64;
    await writeFile(path, changed);
    expect(await prepare("a")).toEqual(sound);
    expect(await readFile(path)).toEqual(bytes);
  }
  expect(await readdir(cache)).toEqual([file]); // and no temporary file is left
});

test("a case whose files do not fit names itself and the file", async () => {
  const dir = await madeFolder({
    "dataset.json": '{"labels": {"lesion": 1}, "file_ending": ".nii"}',
    "imagesTr/a_0000.nii": madeScan(),
    "labelsTr/a.nii": madeMask([], { ...GRID, size: { x: 9, y: 7, z: 4 } }),
    "imagesTr/b_0000.nii": "",
  });
  const { cases, labels } = await openDataset(dir);
  const [a, b] = cases;
  if (a === undefined || b === undefined) throw new Error("no cases");
  await expect(prepareCase(a, labels, settings)).rejects.toThrow(
    `case a: ${dir}/labelsTr/a.nii and ${dir}/imagesTr/a_0000.nii are not on the same grid: ` +
      `${dir}/labelsTr/a.nii has 9×7×4 voxels, ${dir}/imagesTr/a_0000.nii has 9×7×5 voxels`,
  );
  await expect(prepareCase(b, labels, settings)).rejects.toThrow(`case b: ${dir}/imagesTr/b_0000.nii is empty`);
  await expect(prepareCase(a, labels, { ...settings, channels: ["consolidation"] })).rejects.toThrow(
    "the dataset has no label consolidation; dataset.json names lesion",
  );
});

test("a cache that cannot be written says so", async () => {
  const { dir } = await made();
  const { cases, labels } = await openDataset(dir);
  const [entry] = cases;
  if (entry === undefined) throw new Error("no case");
  const file = join(dir, "dataset.json");
  await expect(prepareCase(entry, labels, settings, join(file, "cache"))).rejects.toThrow(
    /^cannot (read|write) .*dataset\.json\/cache/,
  );
});
