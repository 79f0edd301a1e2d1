import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { digestOf, hashFile } from "./digest.js";
import { temporaryFolder, thrownBy } from "./testing/folders.js";

test("the digest of nothing and of abc are those of FIPS 180-2", async () => {
  const path = join(temporaryFolder(), "abc");
  writeFileSync(path, "abc");
  expect(digestOf("")).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  expect(await hashFile(path)).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

test("a file that is not there is named", async () => {
  expect((await thrownBy(hashFile("/nowhere/a"))).message).toBe(
    "cannot read /nowhere/a: ENOENT: no such file or directory, open '/nowhere/a'",
  );
});
