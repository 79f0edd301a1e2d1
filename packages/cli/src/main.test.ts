import { VERSION } from "@multirnet/base";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

import { COMMANDS } from "./commands/index.js";
import { commandTable } from "./testing/command-table.js";
import { madeFolder, run } from "./testing/run.js";

test("the help names every command, and every command and option has words", async () => {
  const { code, stdout } = await run("--help");
  expect(code).toBe(0);
  for (const { name, summary, args, options } of COMMANDS) {
    expect(stdout).toContain(`  ${name.split(" ")[0] ?? ""} `);
    for (const says of [
      summary,
      ...args.map((arg) => arg.says),
      ...Object.values(options).map((option) => option.says),
    ])
      expect(says).not.toBe("");
    const help = await run(...name.split(" "), "--help");
    expect(help.code, name).toBe(0);
    expect(help.stdout).toContain(`Usage: multirnet ${name} `);
    for (const option of ["--json", "--quiet", "--threads", "--version"]) expect(help.stdout).toContain(option);
  }
});

test("the commands are those of the contract that this version has", () => {
  expect(COMMANDS.map(({ name }) => name).sort()).toEqual([
    "augment",
    "bench",
    "config schema",
    "config show",
    "convert",
    "dataset check",
    "dataset import",
    "dataset summary",
    "doctor",
    "evaluate",
    "export",
    "forward",
    "info",
    "init",
    "metrics",
    "networks",
    "phantom",
    "predict",
    "resample",
    "runs compare",
    "runs export",
    "runs list",
    "runs report",
    "train",
    "weights import",
    "weights show",
  ]);
});

test("the README has every command with its arguments and options", () => {
  const cells = (text: string): string[] =>
    text
      .split("\n")
      .filter((line) => line.startsWith("| `"))
      .map((line) => line.replaceAll(/ +/g, " "));
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  expect(cells(readme)).toEqual(cells(commandTable(COMMANDS)));
});

test("--version prints the version and nothing else", async () => {
  expect(await run("--version")).toEqual({ code: 0, stdout: `${VERSION}\n`, stderr: "" });
});

describe("bad usage is exit code 2, with nothing on standard output", () => {
  test.each([
    { argv: ["nonsense"], says: "error: unknown command 'nonsense'" },
    { argv: ["inf", "x.nii"], says: "(Did you mean info?)" },
    { argv: ["info"], says: "error: missing required argument 'scan'" },
    { argv: ["info", "a.nii", "b.nii"], says: "error: too many arguments for 'info'" },
    { argv: ["info", "a.nii", "--colour"], says: "error: unknown option '--colour'" },
    { argv: ["phantom", "out"], says: "multirnet phantom: --cases is missing\n" },
    {
      argv: ["phantom", "out", "--cases", "many"],
      says: 'multirnet phantom: --cases: expected a whole number from 1, but "many" came\n',
    },
    {
      argv: ["phantom", "out", "--cases", "0"],
      says: 'multirnet phantom: --cases: expected a whole number from 1, but "0" came\n',
    },
    {
      argv: ["resample", "a.nii", "b.nii", "--spacing-mm", "1,2"],
      says: 'multirnet resample: --spacing-mm: expected three numbers above 0 as x,y,z, but "1,2" came\n',
    },
    {
      argv: ["resample", "a.nii", "b.nii", "--spacing-mm", "1,,2"],
      says: 'multirnet resample: --spacing-mm: expected three numbers above 0 as x,y,z, but "1,,2" came\n',
    },
    {
      argv: ["doctor", "--threads", "none"],
      says: 'multirnet doctor: --threads: expected a whole number from 1, but "none" came\n',
    },
    {
      argv: ["evaluate", "run", "--split", "all"],
      says: 'multirnet evaluate: --split: Invalid option: expected one of "test"|"validation"|"train"|"apart", but "all" came\n',
    },
    {
      argv: ["train", "--resume", "run", "--fold", "0"],
      says: "multirnet train: --resume goes on with a run as it was begun: give no config, --out, --set, --fold or --folds with it\n",
    },
    { argv: ["train"], says: "multirnet train: a config file, or --resume RUN, was expected\n" },
    {
      argv: ["train", "c.yaml", "--device", "cuda"],
      says: 'multirnet train: --device: expected cpu: training on other devices comes later, but "cuda" came\n',
    },
    {
      argv: ["predict", "m", "s.nii", "--out", "o", "--engine", "onnx"],
      says: 'multirnet predict: --engine: expected torch: ONNX comes later, but "onnx" came\n',
    },
  ])("$argv", async ({ argv, says }) => {
    const { code, stdout, stderr } = await run(...argv);
    expect(stderr).toContain(says);
    expect(code).toBe(2);
    expect(stdout).toBe("");
  });
});

test("bad input is exit code 2: the message names the file", async () => {
  const path = join(madeFolder(), "scan.nii.gz");
  expect(await run("info", path)).toEqual({
    code: 2,
    stdout: "",
    stderr: `multirnet info: ${path} does not exist\n`,
  });
});

test("what fails while working is exit code 1", async () => {
  const file = join(madeFolder(), "file");
  writeFileSync(file, "");
  const out = join(file, "out");
  const { code, stderr } = await run("phantom", out, "--cases", "1", "--size", "16,16,16", "--quiet");
  expect(stderr).toContain(`multirnet phantom: cannot write ${out}: ENOTDIR`);
  expect(code).toBe(1);
});

test("common options may stand before the command or after it", async () => {
  const folder = madeFolder();
  const before = await run(
    "--threads",
    "1",
    "--json",
    "--quiet",
    "phantom",
    join(folder, "a"),
    "--cases",
    "1",
    "--size",
    "16,16,16",
  );
  const after = await run("phantom", join(folder, "b"), "--cases", "1", "--size", "16,16,16", "--json", "--quiet");
  expect(before).toEqual(after);
  expect(before.code).toBe(0);
});
