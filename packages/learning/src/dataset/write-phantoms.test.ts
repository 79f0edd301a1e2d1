import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

import { readLabels, readScan } from "@multirnet/imaging/node";
import { expect, test } from "vitest";

import { checkDataset } from "./check.js";
import { openDataset } from "./dataset.js";
import { madeFolder } from "./testing/made-dataset.js";
import { writePhantoms } from "./write-phantoms.js";

const size = { x: 24, y: 20, z: 12 };

test("phantoms are a dataset with masks, lungs and diagnoses, and the digest is that of its voxels", async () => {
  const out = join(await madeFolder(), "phantoms");
  const told: number[] = [];
  const sha256 = await writePhantoms(out, { cases: 3, seed: 7, size, onCase: (done) => told.push(done) });
  expect(told).toEqual([1, 2, 3]);
  const { labels, cases } = await openDataset(out);
  expect(labels).toEqual({ "ground-glass": 1, consolidation: 2 });
  expect(cases.map(({ name, patient, split, source }) => [name, patient, split, source])).toEqual(
    ["phantom-7-000", "phantom-7-001", "phantom-7-002"].map((name) => [name, name, "train", "phantom"]),
  );
  expect(cases.map(({ diagnosis }) => diagnosis).sort()).toEqual(["cap", "covid-19", "normal"]);
  expect(await readFile(join(out, "cases.csv"), "utf8")).toMatch(
    /^case,patient,diagnosis,split,source\nphantom-7-000,phantom-7-000,(cap|covid-19|normal),train,phantom\n/,
  );
  const { problems } = await checkDataset(out);
  expect(problems.filter(({ severity }) => severity === "error")).toEqual([]);

  // From the files, by another way: whole numbers as two bytes each, the low one first.
  const hash = createHash("sha256");
  for (const { image, label = "", lung = "" } of cases) {
    const { volume } = await readScan(image);
    hash.update(Uint8Array.from([...volume.voxels].flatMap((hu) => [hu & 255, (hu >> 8) & 255])));
    for (const mask of [label, lung]) hash.update((await readLabels(mask)).volume.voxels);
  }
  expect(hash.digest("hex")).toBe(sha256);
});

test("the scans are stored as int16, so that a dataset takes half the room", async () => {
  const out = join(await madeFolder(), "phantoms");
  await writePhantoms(out, { cases: 1, seed: 0, size });
  const header = gunzipSync(await readFile(join(out, "imagesTr", "phantom-0-000_0000.nii.gz")));
  expect([40, 42, 44, 46].map((at) => header.readInt16LE(at))).toEqual([3, size.x, size.y, size.z]);
  expect(header.readInt16LE(70)).toBe(4); // NIfTI's number for int16
});

test("the same seed gives the same digest, another seed or size another", async () => {
  const around = await madeFolder();
  const digest = (name: string, seed: number, z = 12): Promise<string> =>
    writePhantoms(join(around, name), { cases: 2, seed, size: { ...size, z } });
  const first = await digest("a", 1);
  expect(await digest("b", 1)).toBe(first);
  expect(await digest("c", 2)).not.toBe(first);
  expect(await digest("d", 1, 13)).not.toBe(first);
});

test("a wrong size, a folder that is taken and a stop leave nothing", async () => {
  const around = await madeFolder({ "taken/file": "" });
  await expect(writePhantoms(join(around, "out"), { cases: 1, seed: 0, size: { x: 4, y: 20, z: 12 } })).rejects.toThrow(
    "expected a phantom's size in whole numbers from 8 to 1024 along each axis, got 4×20×12",
  );
  await expect(writePhantoms(join(around, "taken"), { cases: 1, seed: 0, size })).rejects.toThrow(
    `${join(around, "taken")} exists already and is not an empty folder; name a new folder for the dataset`,
  );
  const stop = new AbortController();
  const onCase = (): void => {
    stop.abort();
  };
  await expect(
    writePhantoms(join(around, "out"), { cases: 2, seed: 0, size, signal: stop.signal, onCase }),
  ).rejects.toThrow("This operation was aborted");
  expect(await readdir(around)).toEqual(["taken"]);
});
