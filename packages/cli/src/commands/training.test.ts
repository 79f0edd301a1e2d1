import { NOTICE } from "@multirnet/base";
import { orientTo, sameGrid } from "@multirnet/imaging";
import { readLabels, readProbability, readScan, writeNifti } from "@multirnet/imaging/node";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

import { json, run } from "../testing/run.js";

// One small training on made phantoms serves all tests here: what it learns does not matter, what becomes of it does.
const folder = mkdtempSync(join(tmpdir(), "cli-training-"));
const path = (name: string): string => join(folder, name);
const scan = path("data/imagesTr/phantom-3-001_0000.nii.gz");
let trained: Record<string, unknown>;
afterAll(() => rmSync(folder, { recursive: true }));

function config(extra = ""): string {
  return `
name: small-run
dataset: data
network: { name: multirnet, preset: tiny${extra} }
preprocessing: { spacingMm: { x: 7, y: 7, z: 9 }, region: { x: 32, y: 32, z: 16 } }
batchSize: 2
epochs: 2
data: { synthetic: true }
`;
}

beforeAll(async () => {
  await json("phantom", path("data"), "--cases", "6", "--seed", "3", "--size", "48,40,24");
  writeFileSync(path("joint.yaml"), config());
  writeFileSync(path("outline.yaml"), config(", task: segmentation"));
  trained = await json("train", path("joint.yaml"), "--fold", "1", "--out", path("run"));
  await json("train", path("outline.yaml"), "--out", path("outline"));
});

test("train says where the run is and what it measured on the held-back fold", () => {
  expect(Object.keys(trained)).toEqual(["run", "bestEpoch", "metrics"]);
  expect(trained).toMatchObject({
    run: path("run"),
    bestEpoch: { undefined: "without validation the last weights count" },
  });
  const { cases } = JSON.parse(readFileSync(path("run/run.json"), "utf8")) as { cases: Record<string, string[]> };
  const metrics = trained["metrics"] as { cases: { case: string }[] };
  expect(metrics.cases.map((one) => one.case)).toEqual(cases["test"]);
  expect(cases["train"]?.filter((name) => cases["test"]?.includes(name))).toEqual([]);
  expect(JSON.parse(readFileSync(path("run/metrics.json"), "utf8"))).toEqual(trained["metrics"]);
  expect(readdirSync(path("run/predictions"))).toEqual(cases["test"]?.map((name) => `${name}.nii.gz`));
});

test("evaluate repeats it to the bit, and measures on another dataset", async () => {
  expect(await json("evaluate", path("run"))).toEqual(trained["metrics"]);
  const other = path("other");
  await json("phantom", other, "--cases", "2", "--seed", "9", "--size", "48,40,24");
  const measured = await json("evaluate", path("run"), "--dataset", other, "--out", path("measured"));
  expect(measured).toMatchObject({ dataset: "phantoms", split: "test", region: "whole", seenInTraining: [] });
  expect(Object.keys(measured)).toEqual(expect.arrayContaining(["segmentation", "classification", "cases"]));
  expect(existsSync(path("measured/metrics.json"))).toBe(true);
  const text = await run("evaluate", path("run"), "--dataset", other);
  expect(text.stdout).toMatch(/^case +V-DSC +S-DSC 1 mm +S-DSC 3 mm +ASO 1 mm +ASD mm +HD95 mm$/m);
  expect(text.stdout).toMatch(/^truth \\ prediction +covid-19 +cap +normal$/m);
});

test("cases that made the weights are no measure of anything new, and evaluate says so", async () => {
  const { stderr, code } = await run("evaluate", path("run"), "--split", "train");
  expect(code).toBe(0);
  expect(stderr).toMatch(/of these cases made or chose the weights: no measure of anything new\n/);
  expect(JSON.parse(readFileSync(path("run/metrics.json"), "utf8"))).toEqual(trained["metrics"]); // still of the held-back fold
  const { code: none, stderr: words } = await run("evaluate", path("outline"));
  expect(none).toBe(2);
  expect(words).toBe(`multirnet evaluate: nothing to measure on in ${path("data")}: it has no test cases\n`);
});

test("predict writes mask, probabilities, finding and report, and answers with the keys of the contract", async () => {
  const out = path("finding");
  const finding = await json("predict", path("run"), scan, "--out", out);
  expect(Object.keys(finding)).toEqual(
    expect.arrayContaining([
      "diagnosis",
      "probabilities",
      "lesionMl",
      "lungMl",
      "involvedPercent",
      "severity",
      "lesions",
      "files",
      "trainedOn",
      "warnings",
      "notice",
    ]),
  );
  expect(finding).toMatchObject({
    notice: NOTICE,
    lungMl: { undefined: "lungs are not outlined yet" },
    trainedOn: { lesion: expect.stringMatching(/^phantoms: \d synthetic cases, no patients, with a lesion mask$/) },
  });
  const { grid } = (await readScan(scan)).volume;
  const { volume: mask } = await readLabels(join(out, "lesions.nii.gz"));
  expect(sameGrid(mask.grid, grid, 0)).toBe(true);
  const { voxels } = await readProbability(join(out, "probability.nii.gz"));
  expect(voxels.every((p) => p >= 0 && p <= 1)).toBe(true);
  const page = readFileSync(join(out, "report.html"), "utf8");
  expect(page).toContain("Synthetic scan, no patient");
  expect(page).toContain(NOTICE);
  expect(readdirSync(out).sort()).toEqual(["finding.json", "lesions.nii.gz", "probability.nii.gz", "report.html"]);

  await json("predict", path("run"), scan, "--out", out, "--passes", "1"); // an older prediction may be replaced
  writeFileSync(join(out, "notes.txt"), "mine");
  const { code, stderr } = await run("predict", path("run"), scan, "--out", out);
  expect(code).toBe(2);
  expect(stderr).toContain(`${out} holds notes.txt, which would be lost; choose a new or an empty folder`);
});

test("the same scan stored in another order of axes has the same lesions in the patient", async () => {
  const { volume } = await readScan(scan);
  await json("predict", path("run"), scan, "--out", path("stored"));
  const { volume: stored } = await readLabels(path("stored/lesions.nii.gz"));
  for (const code of ["RAI", "PSR", "ILA"]) {
    await writeNifti(path("turned.nii.gz"), orientTo(volume, code));
    await json("predict", path("run"), path("turned.nii.gz"), "--out", path("turned"));
    const turned = orientTo((await readLabels(path("turned/lesions.nii.gz"))).volume, "LPS");
    expect(Buffer.compare(turned.voxels, orientTo(stored, "LPS").voxels)).toBe(0);
  }
});

test("a model without a diagnosis gives none, and says why", async () => {
  const finding = await json("predict", path("outline"), scan, "--out", path("outlined"));
  const reason = { undefined: "this model gives no diagnosis: it was trained to outline lesions only" };
  expect(finding).toMatchObject({ diagnosis: reason, probabilities: reason, trainedOn: { disease: reason } });
  expect(readFileSync(path("outlined/report.html"), "utf8")).toContain(`No diagnosis: ${reason.undefined}`);
});

test("export makes a bundle that predicts the same; in 16 bits it has half the size", async () => {
  const { files, maxAbsDifference } = await json("export", path("run"), path("bundle"));
  expect(Object.keys(files as object).sort()).toEqual(["README.md", "config.yaml", "model.json", "model.safetensors"]);
  expect(maxAbsDifference).toEqual({ undefined: "this bundle has no ONNX graph to compare with" });
  const run = await json("predict", path("run"), scan, "--out", path("a"));
  const bundle = await json("predict", path("bundle"), scan, "--out", path("b"));
  expect(bundle["probabilities"]).toEqual(run["probabilities"]);
  expect(readFileSync(path("b/lesions.nii.gz")).equals(readFileSync(path("a/lesions.nii.gz")))).toBe(true);
  expect(readFileSync(path("bundle/config.yaml"), "utf8")).toMatch(/^dataset: data$/m);

  writeFileSync(path("licence.txt"), "Do what you like.\n");
  await json("export", path("run"), path("half"), "--half", "--licence", path("licence.txt"));
  expect(readFileSync(path("half/LICENSE"), "utf8")).toBe("Do what you like.\n");
  const bytes = (name: string): number => statSync(path(`${name}/model.safetensors`)).size;
  expect(bytes("half")).toBeLessThan(bytes("bundle"));
  const half = await json("predict", path("half"), scan, "--out", path("c"));
  for (const [name, probability] of Object.entries(run["probabilities"] as Record<string, number>))
    expect((half["probabilities"] as Record<string, number>)[name]).toBeCloseTo(probability, 2);
});

test("a bundle keeps no dataset: evaluate asks for one, and measures on it", async () => {
  await json("export", path("run"), path("handed"));
  const { code, stderr } = await run("evaluate", path("handed"));
  expect(code).toBe(2);
  expect(stderr).toBe(
    `multirnet evaluate: ${path("handed")} is no run folder, so it does not say on which dataset it was trained; ` +
      `say by --dataset what to measure it on\n`,
  );
  expect(await json("evaluate", path("handed"), "--dataset", path("data"))).toHaveProperty("segmentation");
});

test("a run that is no run, and weights of another network, are refused by name", async () => {
  const predict = async (model: string): Promise<string> => {
    const { code, stderr } = await run("predict", path(model), scan, "--out", path("none"));
    expect(code).toBe(2);
    expect(existsSync(path("none"))).toBe(false);
    return stderr.replaceAll(folder, "…");
  };
  expect(await predict("nowhere")).toBe(
    "multirnet predict: no model at …/nowhere: expected a run folder, a bundle folder or a zip of a bundle, but nothing is there\n",
  );
  cpSync(path("run"), path("mixed"), { recursive: true });
  cpSync(path("outline/checkpoints/last.safetensors"), path("mixed/checkpoints/last.safetensors"));
  expect(await predict("mixed")).toMatch(/^multirnet predict: .*missing/);
  const { stderr } = await run("export", path("data"), path("none"));
  expect(stderr).toMatch(/^multirnet export: /);
});
