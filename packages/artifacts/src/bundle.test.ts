import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { writeBundle, type Bundle } from "./bundle.js";
import { openModel } from "./open-model.js";
import { card } from "./testing/cards.js";
import { filesBelow, temporaryFolder, thrownBy, tinyDisk } from "./testing/folders.js";

const bundle: Bundle = {
  card,
  weights: new Uint8Array([1, 2, 3]),
  readme: "# A network\n",
  config: { network: "multir-net", seed: 7 },
  licence: "Apache License\n",
};

test("a bundle holds the five files, opens again, and can be exported over an older one", async () => {
  const folder = join(temporaryFolder(), "models", "small");
  const files = await writeBundle(folder, bundle);
  expect(filesBelow(folder)).toEqual(["LICENSE", "README.md", "config.yaml", "model.json", "model.safetensors"]);
  expect(Object.keys(files).sort()).toEqual(filesBelow(folder));
  expect(readFileSync(files["config.yaml"] ?? "", "utf8")).toBe("network: multir-net\nseed: 7\n");

  writeFileSync(join(folder, "model.onnx"), "of the older weights");
  const { licence: _, ...unlicensed } = { ...bundle, weights: new Uint8Array([4]), card: { ...card, passes: 2 } };
  await writeBundle(folder, unlicensed);
  expect(filesBelow(folder)).toEqual(["README.md", "config.yaml", "model.json", "model.safetensors"]);
  const { card: read, weights } = await openModel(folder);
  expect([read.passes, ...weights]).toEqual([2, 4]);
});

test("a folder with anything of somebody else is refused and left alone", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "thesis.tex"), "mine");
  expect((await thrownBy(writeBundle(folder, bundle))).message).toBe(
    `${folder} holds thesis.tex, which is no part of a model bundle; choose an empty or a new folder`,
  );
  expect(filesBelow(folder)).toEqual(["thesis.tex"]);
});

test("a card that could not be read again stops the export before anything is written", async () => {
  const folder = join(temporaryFolder(), "new");
  const wrong = { ...bundle, card: { ...card, labels: [] } };
  expect((await thrownBy(writeBundle(folder, wrong))).message).toBe(
    `${join(folder, "model.json")}: key labels: expected names for segmentation and joint, none for diagnosis, came []`,
  );
  expect((await thrownBy(writeBundle(folder, { ...bundle, config: { rate: Number.NaN } }))).message).toBe(
    `cannot write ${join(folder, "config.yaml")}: key rate is NaN, which JSON has no word for`,
  );
  expect((await thrownBy(openModel(folder))).message).toMatch(/^no model at /);
});

test("killed while the files are renamed, the bundle says that it is not finished", async () => {
  const folder = temporaryFolder();
  await writeBundle(folder, bundle);
  rmSync(join(folder, "model.json")); // the first thing that goes and the last that comes
  mkdirSync(join(folder, ".bundle.0123456789ab.tmp"));
  writeFileSync(join(folder, ".bundle.0123456789ab.tmp", "model.json"), "{}");
  expect((await thrownBy(openModel(folder))).message).toBe(
    `the bundle ${folder} has no model.json, so what its weights are is not known; ` +
      `the export into it was not finished: export it again`,
  );
  await writeBundle(folder, bundle);
  expect(filesBelow(folder)).toEqual(["LICENSE", "README.md", "config.yaml", "model.json", "model.safetensors"]);
});

test("below a regular file nothing is written, and the message names the folder", async () => {
  const file = join(temporaryFolder(), "file");
  writeFileSync(file, "mine");
  const folder = join(file, "bundle");
  expect((await thrownBy(writeBundle(folder, bundle))).message).toBe(
    `cannot write ${folder}: ENOTDIR: not a directory, scandir '${folder}'`,
  );
  expect(readFileSync(file, "utf8")).toBe("mine");
});

test("on a full disk a new bundle leaves nothing, and an older one stays as it was", async (context) => {
  const disk = tinyDisk(256);
  if (disk === undefined) return context.skip("needs the right to mount a small file system");
  const large = { ...bundle, weights: new Uint8Array(400_000) };
  const fresh = join(disk, "deep", "fresh");
  expect((await thrownBy(writeBundle(fresh, large))).message).toBe(
    `no space left on the disk for ${fresh}; nothing was written there`,
  );
  expect(filesBelow(disk)).toEqual([]);

  const old = join(disk, "old");
  await writeBundle(old, bundle);
  expect((await thrownBy(writeBundle(old, large))).message).toBe(
    `no space left on the disk for ${old}; nothing was written there`,
  );
  expect(filesBelow(old)).toEqual(["LICENSE", "README.md", "config.yaml", "model.json", "model.safetensors"]);
  expect([...(await openModel(old)).weights]).toEqual([1, 2, 3]);
});
