import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";

import { foldsFolder, holdRun, runFolder } from "@multirnet/artifacts";
import { loadModel } from "@multirnet/inference";
import { parse } from "yaml";
import { expect, test } from "vitest";

import { madeFolder } from "../dataset/testing/made-dataset.js";
import { measureRun, type MeasuredFolds } from "../measuring/measure-run.js";
import { exportRun } from "../exporting/export-run.js";
import { writeRunReport } from "../reporting/write-run-report.js";
import { madeConfig, madeTrainingSet } from "../training/testing/made-training.js";
import { resumeFolds, trainFolds } from "../training/train-folds.js";
import { train } from "../training/train.js";
import { compareRuns } from "./compare-runs.js";
import { exportToMlflow } from "./export-mlflow.js";
import { listRuns } from "./list-runs.js";

const metrics = (cases: Record<string, { vdsc?: number | object; truth?: string; prediction?: string }>): string =>
  JSON.stringify({
    dataset: "d",
    split: "test",
    region: "whole",
    seenInTraining: [],
    cases: Object.entries(cases).map(([name, { vdsc, truth, prediction }]) => ({
      case: name,
      ...(vdsc === undefined ? {} : { segmentation: { vdsc } }),
      ...(truth === undefined ? {} : { diagnosis: { truth, prediction } }),
    })),
    segmentation: { undefined: "not looked at" },
    classification: { undefined: "not looked at" },
  });

test("two runs are compared case by case: only what both have counts", async () => {
  const dir = await madeFolder({
    "a/metrics.json": metrics({
      one: { vdsc: 0.5, truth: "cap", prediction: "cap" },
      two: { vdsc: 0.7, truth: "cap", prediction: "normal" },
      three: { vdsc: { undefined: "both are empty" } },
      alone: { vdsc: 0.1 },
    }),
    "b/metrics.json": metrics({
      two: { vdsc: 0.6, truth: "cap", prediction: "cap" },
      one: { vdsc: 0.8, truth: "cap", prediction: "cap" },
      three: { vdsc: 0.9 },
      other: { vdsc: 1 },
    }),
  });
  const { scores, onlyA, onlyB } = await compareRuns(join(dir, "a"), join(dir, "b"));
  expect({ onlyA, onlyB }).toEqual({ onlyA: ["alone"], onlyB: ["other"] });
  expect(Object.keys(scores)).toEqual(["vdsc", "accuracy"]);
  const close = (value: number): unknown => expect.closeTo(value, 12);
  expect(scores["vdsc"]).toEqual({
    a: close(0.6),
    b: close(0.7),
    difference: close(0.1), // of 0.3 and −0.1
    difference95: { low: close(-0.1), high: close(0.3) },
    cases: 2,
    better: 1,
  });
  expect(scores["accuracy"]).toMatchObject({ a: 0.5, b: 1, difference: 0.5, better: 1 });
});

test("S-DSC is compared at 3 mm too, where both were measured there", async () => {
  const at = (sdsc: number, toleranceMm: number): string =>
    metrics({ one: { vdsc: 0.5 } }).replace(
      '"vdsc":0.5',
      `"vdsc":0.5,"tolerances":[{"toleranceMm":${String(toleranceMm)},"sdsc":${String(sdsc)},"aso":0.1}]`,
    );
  const dir = await madeFolder({
    "a/metrics.json": at(0.25, 3),
    "b/metrics.json": at(0.75, 3),
    "c/metrics.json": at(0.75, 2),
  });
  const [a, b, c] = ["a", "b", "c"].map((name) => join(dir, name)) as [string, string, string];
  const { scores } = await compareRuns(a, b);
  expect(scores["sdscAt3Mm"]).toMatchObject({ a: 0.25, b: 0.75, difference: 0.5, cases: 1 });
  expect((await compareRuns(a, c)).scores).not.toHaveProperty("sdscAt3Mm");
});

test("runs without a case in common, or without figures, are refused", async () => {
  const dir = await madeFolder({
    "a/metrics.json": metrics({ one: { vdsc: 1 } }),
    "b/metrics.json": metrics({ two: { vdsc: 1 } }),
  });
  const [a, b, none] = ["a", "b", "none"].map((name) => join(dir, name)) as [string, string, string];
  await expect(compareRuns(a, b)).rejects.toThrow(
    `nothing to compare: ${a} and ${b} were measured on no case in common`,
  );
  await expect(compareRuns(a, none)).rejects.toThrow(
    `cannot read the metrics ${join(none, "metrics.json")}: there is no such file; evaluate the run first`,
  );
});

test("a cross validation gives an interval for each score that it gives a mean for", async () => {
  const dataset = await madeTrainingSet();
  const path = join(await madeFolder(), "folds");
  await trainFolds(madeConfig(dataset, { epochs: 1 }), path);
  const { segmentation, bootstrap95 } = (await measureRun(path)) as MeasuredFolds;
  const several = Object.entries(segmentation).filter(
    ([name, mean]) => name !== "specificity" && (mean as { cases: number }).cases > 1, // that of a share is another interval
  );
  expect(Object.keys(bootstrap95).sort()).toEqual(several.map(([name]) => name).sort());
  expect(bootstrap95).toHaveProperty("sdscAt3Mm");
});

test("what is kept for the end is in no fold, and the runs of a cross validation answer for it together", async () => {
  const dataset = await madeTrainingSet();
  const path = join(await madeFolder(), "folds");
  await trainFolds(madeConfig(dataset, { epochs: 1, folds: { count: 3, testShare: 0.3 } }), path);
  const { folds } = (await measureRun(path)) as MeasuredFolds;
  const apart = await measureRun(path, { split: "apart" });
  const names = apart.cases.map((one) => one.case);
  expect(names).toHaveLength(2); // 0.3 of 7 patients
  expect([...names, ...Object.values(folds).flat()].sort()).toEqual(
    ["both-1", "both-2", "both-3", "both-4", "diagnosed", "masked", "normal"].sort(),
  );
  expect(apart.seenInTraining).toEqual([]);
  expect(apart.split).toBe("apart");
});

test("a cross validation whose last fold is none is refused before the first, and leaves nothing", async () => {
  const dataset = await madeTrainingSet();
  const path = join(await madeFolder(), "folds");
  await expect(trainFolds(madeConfig(dataset), path, { folds: [0, 7] })).rejects.toThrow("fold 7");
  expect(existsSync(path)).toBe(false);
});

test("cases by which the weights of one were made or chosen are told", async () => {
  const seen = metrics({ one: { vdsc: 1 }, two: { vdsc: 1 } }).replace(
    '"seenInTraining":[]',
    '"seenInTraining":["one","three"]',
  );
  const dir = await madeFolder({ "a/metrics.json": seen, "b/metrics.json": metrics({ one: { vdsc: 1 } }) });
  expect(await compareRuns(join(dir, "a"), join(dir, "b"))).toMatchObject({ seenInTraining: { a: ["one"], b: [] } });
});

test("what is not the measure that a run is known by leaves its figures alone, and a run that was stopped is noted", async () => {
  const path = join(await madeFolder(), "folds");
  const stop = new AbortController();
  await trainFolds(madeConfig(await madeTrainingSet(), { epochs: 1, batchSize: 1 }), path, {
    folds: [0, 2],
    signal: stop.signal,
    onEvent: (event, fold) => {
      if (fold === 2 && event.kind === "step" && event.step === 2) stop.abort();
    },
  });
  const run = foldsFolder(path).run(2);
  const { notes, passes } = await measureRun(path);
  expect(notes).toEqual([`${run} has not come to its end: it has made 2 steps, and is in epoch 0`]);
  expect(passes).toBe(0);
  const kept = await readFile(foldsFolder(path).metrics, "utf8");
  expect(await measureRun(path, { passes: 1 })).toMatchObject({ passes: 1 });
  expect(await measureRun(path, { region: "roi" })).toMatchObject({ region: "roi" });
  expect(await readFile(foldsFolder(path).metrics, "utf8")).toBe(kept);
  await expect(measureRun(path, { split: "validation" })).rejects.toThrow(
    `${path} is a cross validation, of which a validation case stands in several folds and would count more than once; expected test or apart, or one of its runs (fold-0, fold-2)`,
  );

  expect((await exportRun(path, join(await madeFolder(), "bundle"))).notes).toEqual(notes);

  // With a fold missing, which cases were seen twice is not known: no more masks than cases.
  const { card, network } = await loadModel(path);
  network.release();
  expect(card.data).toMatchObject({ masks: 7, diagnoses: 7 });

  const store = await madeFolder();
  const { folder, folds = [] } = await exportToMlflow(path, store);
  expect(folds).toHaveLength(2);
  const meta = async (of: string): Promise<unknown> => parse(await readFile(join(of, "meta.yaml"), "utf8"));
  expect(await meta(folder)).toMatchObject({ run_name: "made", status: 5 });
  expect(await meta(folds[0]?.folder ?? "")).toMatchObject({ run_name: "made-fold-0", status: 3 });
  expect(await meta(folds[1]?.folder ?? "")).toMatchObject({ run_name: "made-fold-2", status: 5 });
  expect(await readFile(join(folds[1]?.folder ?? "", "tags/mlflow.parentRunId"), "utf8")).toBe(basename(folder));
  expect(await readFile(join(folder, "metrics/test/vdsc"), "utf8")).toMatch(/^\d{13} [\d.e-]+ 0\n$/);
  expect(await readdir(join(folder, "artifacts/predictions"))).toContain("both-1.nii.gz");
  await writeFile(runFolder(run).lastState, "cut");
  const told = await exportRun(path, join(await madeFolder(), "bundle"));
  expect(told.notes).toEqual([
    expect.stringMatching(new RegExp(`^whether ${run} has come to its end is not known: cannot resume from `)),
  ]);
  await expect(writeRunReport(path)).rejects.toThrow(
    `${path} is a cross validation; name one of its runs: fold-0, fold-2`,
  );
});

test("an experiment that a store has by the name is used, whatever its id", async () => {
  const dir = await madeFolder({
    "mlruns/17/meta.yaml": "experiment_id: '17'\nname: made\nlifecycle_stage: active\n",
    "mlruns/16/meta.yaml": "name: [made\n",
    "mlruns/18/meta.yaml": "experiment_id: '18'\nname: gone\nlifecycle_stage: deleted\n",
  });
  const path = join(dir, "run");
  await train(madeConfig(await madeTrainingSet(), { epochs: 1 }), path);
  const { folder } = await exportToMlflow(path, join(dir, "mlruns"));
  expect(folder.startsWith(join(dir, "mlruns", "17"))).toBe(true);
  expect(parse(await readFile(join(folder, "meta.yaml"), "utf8"))).toMatchObject({ experiment_id: "17" });
  const other = await exportToMlflow(path, join(dir, "mlruns"), { experiment: "gone" });
  expect(other.folder.startsWith(join(dir, "mlruns", "18"))).toBe(false);
});

test("a run of which a part cannot be read does not hide the others", async () => {
  const dir = await madeFolder();
  const config = madeConfig(await madeTrainingSet(), { epochs: 1 });
  for (const name of ["a", "b"]) await train(config, join(dir, name));
  const { config: file } = runFolder(join(dir, "a"));
  await writeFile(file, (await readFile(file, "utf8")).replace("batchSize:", "regionsAStep:"));
  expect(await listRuns(dir)).toMatchObject([
    { path: join(dir, "a"), kind: "damaged", because: expect.stringContaining(`${file}: unknown key regionsAStep`) },
    { path: join(dir, "b"), kind: "run", epochs: 1 },
  ]);
});

test("runs that were measured on other things are not compared", async () => {
  const dir = await madeFolder({
    "a/metrics.json": metrics({ one: { vdsc: 1 } }),
    "b/metrics.json": metrics({ one: { vdsc: 1 } }).replace('"whole"', '"roi"'),
    "c/metrics.json": metrics({ one: { vdsc: 1 } }).replace('"dataset":"d"', '"dataset":"e"'),
  });
  const [a, b, c] = ["a", "b", "c"].map((name) => join(dir, name)) as [string, string, string];
  await expect(compareRuns(a, b)).rejects.toThrow(
    `cannot compare ${a} and ${b}: expected one region, but whole and roi came`,
  );
  await expect(compareRuns(a, c)).rejects.toThrow(
    `cannot compare ${a} and ${c}: expected one dataset, but d and e came`,
  );
});

test("a run measures the cases that it had held back, however the dataset parts them today", async () => {
  const dataset = await madeTrainingSet();
  const path = join(await madeFolder(), "run");
  await train(madeConfig(dataset, { epochs: 1 }), path, { fold: 0 });
  const held = async (): Promise<string[]> => (await measureRun(path)).cases.map((one) => one.case).sort();
  expect(await held()).toEqual(["both-1", "masked"]);
  const table = join(dataset, "cases.csv");
  const text = await readFile(table, "utf8");
  await writeFile(
    table,
    text.replace("both-1,p1,covid-19,0", "both-1,p1,covid-19,1").replace("p7,covid-19,1", "p7,covid-19,0"),
  );
  expect(await held()).toEqual(["both-1", "masked"]);
  await writeFile(table, text.replace("both-1,p1,covid-19,0\n", ""));
  await expect(held()).rejects.toThrow(`${dataset} has no case both-1; did you mean both-2?`);
});

test("a cross validation trains a run a fold, measures each case by the run that had not seen it, and goes on where it was stopped", async () => {
  const dataset = await madeTrainingSet();
  const config = madeConfig(dataset, { epochs: 1 });
  const path = join(await madeFolder(), "folds");
  const stop = new AbortController();
  const stopped = await trainFolds(config, path, {
    signal: stop.signal,
    onEvent: (event, fold) => {
      if (fold === 1 && event.kind === "step") stop.abort();
    },
  });
  expect(stopped.ended).toBe("aborted");
  expect(stopped.outcomes.map(({ ended }) => ended)).toEqual(["finished", "aborted"]);
  expect(await resumeFolds(path)).toMatchObject({ ended: "finished", outcomes: [{}, {}, {}] });
  expect(await resumeFolds(foldsFolder(path).run(0))).toBeUndefined(); // a run, no cross validation

  const whole = join(await madeFolder(), "whole");
  await trainFolds(config, whole);
  const weights = (of: string, fold: number): Promise<Buffer> => readFile(runFolder(foldsFolder(of).run(fold)).last);
  for (const fold of [0, 1, 2]) expect(await weights(path, fold)).toEqual(await weights(whole, fold));

  const measured = (await measureRun(path)) as MeasuredFolds;
  expect(measured.folds).toEqual({
    0: ["both-1", "masked"],
    1: ["both-2", "diagnosed", "both-4"],
    2: ["normal", "both-3"],
  });
  expect(measured.cases.map((one) => one.case)).toEqual(Object.values(measured.folds).flat());
  expect(measured.seenInTraining).toEqual([]);
  expect(JSON.parse(await readFile(foldsFolder(path).metrics, "utf8"))).toEqual(JSON.parse(JSON.stringify(measured)));
  expect((await readdir(join(path, "predictions"))).sort()).toEqual(
    measured.cases
      .filter((one) => one.segmentation !== undefined || one.case === "diagnosed")
      .map((one) => `${one.case}.nii.gz`)
      .sort(),
  );

  // On another dataset its runs answer together.
  const together = await measureRun(path, { dataset });
  expect(together.seenInTraining).toHaveLength(7);

  const [listed] = await listRuns(join(path, ".."));
  expect(listed).toMatchObject({
    kind: "folds",
    network: "multirnet",
    epochs: 3,
    ofEpochs: 3,
    fold: { undefined: "3 of 3 folds begun" },
  });
});

test.skipIf(process.platform !== "linux")(
  "folds that another process trains are left to it, and taken up when it has ended",
  async () => {
    const path = join(await madeFolder(), "folds");
    const stop = new AbortController();
    await trainFolds(madeConfig(await madeTrainingSet(), { epochs: 1 }), path, {
      signal: stop.signal,
      onEvent: (event, fold) => {
        if (fold === 1 && event.kind === "step") stop.abort();
      },
    });
    const letGo = await holdRun(foldsFolder(path).run(1));
    expect(await resumeFolds(path)).toMatchObject({ ended: "finished", outcomes: [{}, {}], elsewhere: [1] });
    await letGo();
    const endsMeanwhile = await holdRun(foldsFolder(path).run(0));
    let ended: Promise<void> | undefined;
    const outcome = await resumeFolds(path, { onEvent: () => void (ended ??= endsMeanwhile()) });
    await ended;
    expect(outcome).toMatchObject({ ended: "finished", outcomes: [{}, {}, {}], elsewhere: [] });
  },
);

test("a folder of another thing is not trained into", async () => {
  const dir = await madeFolder({ "notes.txt": "mine" });
  await expect(trainFolds(madeConfig(await madeTrainingSet()), dir)).rejects.toThrow(`${dir} holds notes.txt already`);
});

test("a run is listed, reported and exported with what it logged", async () => {
  const dir = await madeFolder();
  const path = join(dir, "runs", "one");
  await train(madeConfig(await madeTrainingSet(), { seed: 5, validation: { share: 0.3 } }), path, { fold: 1 });
  await measureRun(path);
  await mkdir(join(dir, "runs", "no run"));
  await writeFile(join(dir, "runs", "file"), "");
  expect(await listRuns(join(dir, "runs"))).toEqual([
    {
      path,
      kind: "run",
      name: "made",
      network: "multirnet",
      seed: 5,
      fold: 1,
      steps: 2,
      epochs: 2,
      ofEpochs: 2,
      started: expect.any(String),
      vdsc: expect.any(Number),
      accuracy: expect.any(Number),
    },
  ]);

  const page = await readFile(await writeRunReport(path), "utf8");
  for (const words of [
    "made, fold 1",
    "V-DSC of measured cases",
    "none of them trained or chose the weights.",
    "both-2",
    "After epoch 1",
    "weightDecay: 0",
    "seed",
  ])
    expect(page.toLowerCase()).toContain(words.toLowerCase());
  expect(page.match(/data:image\/png/g)).toHaveLength(6); // three regions after each of two epochs
  const kept = await readFile(runFolder(path).metrics);
  await measureRun(path, { split: "validation", out: path });
  expect(await readFile(await writeRunReport(path), "utf8")).toContain("; all of them trained or chose the weights.");
  const told = JSON.parse(kept.toString()) as {
    readonly segmentation: object;
    readonly cases: { segmentation?: object }[];
  };
  const typed = {
    ...told,
    types: { consolidation: told.segmentation },
    cases: told.cases.map((one) =>
      one.segmentation === undefined ? one : { ...one, types: { consolidation: one.segmentation } },
    ),
  };
  await writeFile(runFolder(path).metrics, JSON.stringify(typed));
  expect((await readFile(await writeRunReport(path), "utf8")).match(/V-DSC, consolidation/g)).toHaveLength(2); // a fact, a column
  await writeFile(runFolder(path).metrics, kept);
  await writeRunReport(path);

  const store = join(dir, "mlruns");
  const { runId, folder } = await exportToMlflow(path, store);
  const meta = parse(await readFile(join(folder, "meta.yaml"), "utf8")) as Record<string, unknown>;
  expect(meta).toMatchObject({ run_id: runId, run_name: "made-fold-1", status: 3, lifecycle_stage: "active" });
  const experiment = parse(await readFile(join(folder, "..", "meta.yaml"), "utf8")) as Record<string, unknown>;
  expect(experiment).toMatchObject({ name: "made", experiment_id: meta["experiment_id"], lifecycle_stage: "active" });
  expect(typeof meta["experiment_id"]).toBe("string");
  const lines = (await readFile(join(folder, "metrics/train/loss"), "utf8")).trimEnd().split("\n");
  expect(lines.map((line) => line.split(" ")[2])).toEqual(["1", "2"]);
  for (const line of lines) expect(line).toMatch(/^\d{13} [\d.e-]+ \d+$/);
  expect(await readFile(join(folder, "params/optimiser.learningRate"), "utf8")).toBe("0.0003");
  expect(await readFile(join(folder, "tags/mlflow.runName"), "utf8")).toBe("made-fold-1");
  expect((await readdir(join(folder, "artifacts"))).sort()).toEqual([
    "checkpoints",
    "config.yaml",
    "log.jsonl",
    "metrics.json",
    "model.json",
    "pictures",
    "predictions",
    "report.html",
    "run.json",
  ]);
  expect(await readdir(join(folder, "artifacts/checkpoints"))).toEqual(["best.safetensors", "last.safetensors"]);
  const again = await exportToMlflow(path, store, { experiment: "other" });
  expect(again.folder.startsWith(join(folder, ".."))).toBe(false);
});
