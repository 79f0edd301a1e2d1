import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

import { FileError, writeFileAtomically } from "./atomic-file.js";
import { writeFolderAtomically } from "./atomic-folder.js";

async function madeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "base-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test("a folder appears with all that was written, and with the folders on the way to it", async () => {
  const around = await madeFolder();
  const path = join(around, "deep", "out");
  await writeFolderAtomically(path, async (staging) => {
    expect(await readdir(join(around, "deep"))).toEqual([expect.stringMatching(/^\.out\.[0-9a-f]{12}\.tmp$/)]);
    await writeFile(join(staging, "a"), "one");
  });
  expect(await readdir(join(around, "deep"))).toEqual(["out"]);
  expect(await readFile(join(path, "a"), "utf8")).toBe("one");
});

test("an empty folder is replaced, one that holds something is left alone", async () => {
  const around = await madeFolder();
  const path = join(around, "out");
  await mkdir(path);
  await writeFolderAtomically(path, (staging) => writeFile(join(staging, "a"), "one"));
  await expect(writeFolderAtomically(path, (staging) => writeFile(join(staging, "b"), "two"))).rejects.toThrow(
    new FileError({ code: "FILE_FOLDER_TAKEN", path, holds: "a" }),
  );
  expect(await readdir(around)).toEqual(["out"]);
  expect(await readdir(path)).toEqual(["a"]);
});

test("an older result is replaced as a whole, and stays when the new one fails", async () => {
  const around = await madeFolder();
  const path = join(around, "out");
  await writeFolderAtomically(path, (staging) => writeFile(join(staging, "a"), "one"));
  await writeFolderAtomically(path, (staging) => writeFile(join(staging, "b"), "two"), { replaces: ["a", "b"] });
  expect(await readdir(path)).toEqual(["b"]);
  await expect(
    writeFolderAtomically(path, () => Promise.reject(new RangeError("enough")), { replaces: ["a", "b"] }),
  ).rejects.toThrow(new RangeError("enough"));
  expect(await readFile(join(path, "b"), "utf8")).toBe("two");
  await writeFile(join(path, "mine"), "");
  await expect(
    writeFolderAtomically(path, (staging) => writeFile(join(staging, "a"), "one"), { replaces: ["a", "b"] }),
  ).rejects.toThrow(`${path} holds mine, which would be lost; choose a new or an empty folder`);
  expect(await readdir(around)).toEqual(["out"]);
  expect(await readdir(path)).toEqual(["b", "mine"]);
});

test("what fails half way leaves nothing, not even the folders on the way", async () => {
  const around = await madeFolder();
  const path = join(around, "deep", "out");
  await expect(
    writeFolderAtomically(path, async (staging) => {
      await writeFile(join(staging, "a"), "one");
      throw new RangeError("enough");
    }),
  ).rejects.toThrow(new RangeError("enough"));
  expect(await readdir(around)).toEqual([]);
});

test("a folder on the way stays when somebody else put something there meanwhile", async () => {
  const around = await madeFolder();
  await expect(
    writeFolderAtomically(join(around, "deep", "out"), async () => {
      await writeFile(join(around, "deep", "theirs"), "");
      throw new RangeError("enough");
    }),
  ).rejects.toThrow("enough");
  expect(await readdir(join(around, "deep"))).toEqual(["theirs"]);
});

test("a file that cannot be written is an error about the folder, as it was named", async () => {
  const around = await madeFolder();
  const path = join(around, "out");
  const failure = await writeFolderAtomically(path, async (staging) => {
    await writeFile(join(staging, "file"), "");
    await writeFileAtomically(join(staging, "file", "in-a-file"), ["x"]);
  }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(FileError);
  expect((failure as FileError).problem).toMatchObject({ code: "FILE_UNWRITABLE", path });
  expect((failure as FileError).message).toMatch(new RegExp(`^cannot write ${path}: EEXIST: file already exists`));
  expect(await readdir(around)).toEqual([]);
});
