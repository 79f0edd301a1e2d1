import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { createRun, reopenRun, runFolder } from "./run-folder.js";
import { filesBelow, temporaryFolder, thrownBy } from "./testing/folders.js";

test("the paths of a run are those of the layout", () => {
  expect(Object.values(runFolder("runs/a"))).toEqual([
    "runs/a",
    "runs/a/config.yaml",
    "runs/a/run.json",
    "runs/a/model.json",
    "runs/a/log.jsonl",
    "runs/a/checkpoints",
    "runs/a/checkpoints/last.state.safetensors",
    "runs/a/checkpoints/last.safetensors",
    "runs/a/checkpoints/best.safetensors",
    "runs/a/predictions",
    "runs/a/pictures",
    "runs/a/events",
    "runs/a/metrics.json",
    "runs/a/report.html",
  ]);
});

test("a run is made in a new or an empty folder, or one that was killed as it began, and in no other", async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "empty"));
  await createRun(join(folder, "deep", "new"));
  const run = await createRun(join(folder, "empty"));
  for (const path of [run.run, run.card]) writeFileSync(path, "{}");
  writeFileSync(join(run.path, ".config.yaml.0123456789ab.tmp"), "half");
  await createRun(run.path);
  writeFileSync(join(folder, "folds.json"), '{"folds": [0, 2]}');
  expect((await thrownBy(reopenRun(folder))).message).toBe(
    `${folder} is a cross validation; name one of its runs: fold-0, fold-2`,
  );
  writeFileSync(run.config, "seed: 1\n");
  expect((await thrownBy(createRun(run.path))).message).toBe(
    `${run.path} holds checkpoints already; choose a new folder, or go on with the run in it by --resume`,
  );
});

test("a folder that cannot be made is named with the reason", async () => {
  const file = join(temporaryFolder(), "file");
  writeFileSync(file, "");
  expect((await thrownBy(createRun(file))).message).toBe(
    `cannot write ${file}: ENOTDIR: not a directory, scandir '${file}'`,
  );
  const below = join(file, "run");
  expect((await thrownBy(createRun(below))).message).toBe(
    `cannot write ${below}: ENOTDIR: not a directory, scandir '${below}'`,
  );
});

test("only a run is reopened, and what a killed writer left goes away", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "run");
  const run = await createRun(path);
  expect((await thrownBy(reopenRun(path))).message).toBe(`${path} is no run folder: expected config.yaml in it`);
  writeFileSync(run.config, "seed: 1\n");
  writeFileSync(join(run.checkpoints, ".last.state.safetensors.0123456789ab.tmp"), "half");
  writeFileSync(join(run.path, ".metrics.json.ba9876543210.tmp"), "half");
  writeFileSync(join(run.checkpoints, ".mine.tmp"), "not ours");
  await reopenRun(path);
  expect(filesBelow(path)).toEqual(["checkpoints/.mine.tmp", "config.yaml"]);
});
