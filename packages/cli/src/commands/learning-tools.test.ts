import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { holdRun } from "@multirnet/artifacts";
import { parse } from "yaml";
import { afterAll, beforeAll, expect, test } from "vitest";

import { json, run } from "../testing/run.js";

// A cross validation of two folds on made phantoms serves all tests here.
const folder = mkdtempSync(join(tmpdir(), "cli-tools-"));
const path = (name: string): string => join(folder, name);
let trained: Record<string, unknown>;
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(async () => {
  await json("phantom", path("data"), "--cases", "4", "--seed", "3", "--size", "48,40,24");
  writeFileSync(
    path("base.yaml"),
    `name: base
dataset: data
network: { name: multirnet, preset: tiny, task: segmentation }
preprocessing: { spacingMm: { x: 7, y: 7, z: 9 }, region: { x: 32, y: 32, z: 16 } }
folds: { count: 2 }
batchSize: 2
epochs: 3
`,
  );
  writeFileSync(path("small.yaml"), "extends: base.yaml\nname: small\noptimiser:\n  learningRate: 1.0e-3\n");
  trained = await json("train", path("small.yaml"), "--folds", "all", "--set", "epochs=1", "--out", path("runs/all"));
});

test("config show prints what a training would be, with where each value comes from", async () => {
  const { stdout, code } = await run("config", "show", path("small.yaml"), "--set", "epochs=2", "--set", "seed=4");
  expect(code).toBe(0);
  const lines = stdout.replaceAll(folder, "…").split("\n");
  for (const line of [
    "name: small # …/small.yaml:2",
    "dataset: …/data # …/base.yaml:2",
    "seed: 4 # --set",
    "  learningRate: 0.001 # …/small.yaml:4",
    "    widths: [ 2, 3, 4, 5, 6 ] # preset tiny",
    "    passes: 0 # default",
    "batchSize: 2 # …/base.yaml:6",
    "epochs: 2 # --set",
  ])
    expect(lines).toContain(line);
  const { config, origins } = await json("config", "show", path("small.yaml"));
  expect(parse(stdout)).toEqual({ ...(config as object), seed: 4, epochs: 2 }); // without the remarks it is the config
  expect(origins).toMatchObject({ epochs: `${path("base.yaml")}:7`, "loss.alpha": "default" });
});

test("config schema is a JSON Schema", async () => {
  expect(await json("config", "schema")).toMatchObject({ type: "object", properties: { extends: { type: "string" } } });
});

test("train --folds measures every case by the run that had not seen it, and what is stopped goes on", async () => {
  const metrics = trained["metrics"] as {
    folds: Record<string, string[]>;
    cases: { case: string }[];
    bootstrap95: object;
  };
  expect(Object.keys(metrics.folds)).toEqual(["0", "1"]);
  expect(metrics.cases.map((one) => one.case).sort()).toEqual(Object.values(metrics.folds).flat().sort());
  expect(metrics.cases).toHaveLength(4);
  expect(Object.keys(metrics.bootstrap95)).toContain("vdsc");
  expect(JSON.parse(readFileSync(path("runs/all/metrics.json"), "utf8"))).toEqual(metrics);
  for (const fold of [0, 1]) expect(existsSync(path(`runs/all/fold-${String(fold)}/report.html`))).toBe(true);
  expect(await json("train", "--resume", path("runs/all"))).toEqual(trained);
  expect((await run("evaluate", path("runs/all"))).stdout).toMatch(/^mean +95 % interval/m);
});

test.skipIf(process.platform !== "linux")("train --resume leaves a fold to the process that trains it", async () => {
  const letGo = await holdRun(path("runs/all/fold-1"));
  const { stdout } = await run("train", "--resume", path("runs/all"));
  await letGo();
  expect(stdout).toContain(
    `1 steps; fold 1 is being trained by another process; when it has ended: multirnet evaluate ${path("runs/all")}`,
  );
});

test("evaluate --region roi says that it used the truth's place", async () => {
  const { stderr, code } = await run("evaluate", path("runs/all/fold-0"), "--region", "roi");
  expect(code).toBe(0);
  expect(stderr).toContain("whose place was taken from the truth");
  expect(await json("evaluate", path("runs/all/fold-0"), "--region", "roi")).toMatchObject({ region: "roi" });
  expect(JSON.parse(readFileSync(path("runs/all/fold-0/metrics.json"), "utf8"))).toMatchObject({ region: "whole" });
});

test("a cross validation predicts and exports as one model", async () => {
  const scan = path("data/imagesTr/phantom-3-001_0000.nii.gz");
  const finding = await json("predict", path("runs/all"), scan, "--out", path("together"));
  await json("export", path("runs/all"), path("bundle"));
  expect(JSON.parse(readFileSync(path("bundle/model.json"), "utf8"))).toMatchObject({ networks: 2 });
  const bundled = await json("predict", path("bundle"), scan, "--out", path("bundled"));
  expect(bundled["lesionMl"]).toEqual(finding["lesionMl"]);
  const mask = (name: string): Buffer => readFileSync(path(`${name}/lesions.nii.gz`));
  expect(mask("bundled").equals(mask("together"))).toBe(true);
});

test("runs are listed, compared, reported and exported", async () => {
  await json("train", path("base.yaml"), "--folds", "0,1", "--set", "epochs=1", "--out", path("runs/base"));
  const { stdout } = await run("runs", "list", path("runs"));
  expect(stdout.split("\n").map((line) => line.trim().split(/ {2,}/).slice(0, 3))).toEqual([
    ["run", "network", "seed"],
    [path("runs/all"), "multirnet", "0"],
    [path("runs/base"), "multirnet", "0"],
    [""],
  ]);
  const compared = await json("runs", "compare", path("runs/base"), path("runs/all"));
  expect(compared).toMatchObject({ onlyA: [], onlyB: [], scores: { vdsc: { cases: expect.any(Number) } } });
  expect((await run("runs", "compare", path("runs/base"), path("runs/all"))).stdout).toMatch(/^score +a +b +b − a/);
  const seen = path("seen");
  mkdirSync(seen);
  const told = readFileSync(path("runs/base/metrics.json"), "utf8");
  const [name = ""] = (JSON.parse(told) as { readonly cases: { case: string }[] }).cases.map((one) => one.case);
  writeFileSync(join(seen, "metrics.json"), told.replace('"seenInTraining": []', `"seenInTraining": ["${name}"]`));
  expect((await run("runs", "compare", path("runs/base"), seen)).stdout).toContain(
    `\nb has seen in training: ${name}\n`,
  );
  mkdirSync(path("runs/old"));
  writeFileSync(path("runs/old/config.yaml"), "epoch: 1\n");
  expect((await run("runs", "list", path("runs"))).stdout).toContain(
    `\n${path("runs/old")} cannot be read: ${path("runs/old/config.yaml")}: unknown key epoch; did you mean epochs?`,
  );
  rmSync(path("runs/old"), { recursive: true });
  const { report } = await json("runs", "report", path("runs/base/fold-0"));
  expect(readFileSync(report as string, "utf8")).toContain("base, fold 0");
  const { folder: exported } = await json("runs", "export", path("runs/base/fold-0"), path("mlruns"));
  expect(existsSync(join(exported as string, "meta.yaml"))).toBe(true);
  expect((await run("runs", "export", path("runs/base"), path("mlruns"))).stdout.trim().split("\n")).toHaveLength(3);
});

test("augment shows a draw, dataset summary a dataset", async () => {
  const draw = await json(
    "augment",
    "phantom-3-001",
    "--config",
    path("small.yaml"),
    "--draw",
    "2",
    "--out",
    path("a.png"),
  );
  expect(draw).toMatchObject({ case: "phantom-3-001", draw: 2, augmentation: { flipLeftRight: false } });
  expect(readFileSync(path("a.png")).subarray(1, 4).toString()).toBe("PNG");
  const summary = await json("dataset", "summary", path("data"), "--out", path("data.html"));
  expect(summary).toMatchObject({ cases: 4, patients: 4 });
  expect(readFileSync(path("data.html"), "utf8")).toContain("Intensities and lesions");
  expect((await run("dataset", "summary", path("data"))).stdout).toMatch(
    /^phantoms: 4 cases of 4 patients\ndiagnoses: /,
  );
});

test.each([
  { argv: ["train", "x.yaml", "--fold", "0", "--folds", "all"], says: "expected --fold or --folds, came both" },
  {
    argv: ["train", "x.yaml", "--folds", "0,0"],
    says: '--folds: expected all, or different folds as 0,2, but "0,0" came',
  },
  {
    argv: ["train", "x.yaml", "--folds", "one"],
    says: '--folds: expected all, or different folds as 0,2, but "one" came',
  },
  { argv: ["runs", "list", "nowhere"], says: "cannot read nowhere: " },
  { argv: ["augment", "x"], says: "--config is missing" },
])("$argv is refused", async ({ argv, says }) => {
  const { code, stderr } = await run(...argv);
  expect(code).toBe(2);
  expect(stderr).toContain(says);
});
