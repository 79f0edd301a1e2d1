import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { madeFolder } from "../dataset/testing/made-dataset.js";
import { codeCommit } from "./commit.js";

test("a repository's commit is named, and whether its files differ from it", async () => {
  const root = await madeFolder({ "a.txt": "one" });
  const git = (...args: readonly string[]): string =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], { cwd: root, encoding: "utf8" });
  git("init", "--quiet");
  expect(await codeCommit(root)).toBeUndefined(); // nothing committed yet
  git("add", ".");
  git("commit", "--quiet", "-m", "one");
  const commit = git("rev-parse", "HEAD").trim();
  expect(commit).toMatch(/^[0-9a-f]{40}$/);
  expect(await codeCommit(root)).toBe(commit);
  writeFileSync(join(root, "new.txt"), "not ours");
  expect(await codeCommit(root)).toBe(commit);
  writeFileSync(join(root, "a.txt"), "two");
  expect(await codeCommit(root)).toBe(`${commit}-dirty`);
});

test("a folder that is no repository of its own has no commit", async () => {
  expect(await codeCommit(await madeFolder())).toBeUndefined();
});
