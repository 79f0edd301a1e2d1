import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { digestOf, hashFile, hashFiles } from "./digest.js";
import { temporaryFolder, thrownBy } from "./testing/folders.js";

test("the digest of nothing and of abc are those of FIPS 180-2", async () => {
  const path = join(temporaryFolder(), "abc");
  writeFileSync(path, "abc");
  expect(digestOf("")).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  expect(await hashFile(path)).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

test("many files have the digest that sha256sum gives, in any order, and a new name changes it", async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "imagesTr"));
  const names = ["imagesTr/b.nii", "imagesTr/a.nii", "dataset.json"];
  for (const name of names) writeFileSync(join(folder, name), `content of ${name}`);
  const judged = execFileSync(
    "sh",
    ["-c", "LC_ALL=C sha256sum dataset.json imagesTr/a.nii imagesTr/b.nii | sha256sum"],
    {
      cwd: folder,
      encoding: "utf8",
    },
  );
  expect(`${await hashFiles(folder, names)}  -\n`).toBe(judged);
  expect(await hashFiles(folder, names.toReversed())).toBe(await hashFiles(folder, names));
  expect(await hashFiles(folder, names.slice(1))).not.toBe(await hashFiles(folder, names));
});

test("a file that is not there is named", async () => {
  expect((await thrownBy(hashFile("/nowhere/a"))).message).toBe(
    "cannot read /nowhere/a: ENOENT: no such file or directory, open '/nowhere/a'",
  );
});
