import { chmodSync, existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";

import { runFolder, writeYaml } from "@multirnet/artifacts";
import { threads } from "@multirnet/engine";
import { expect, test } from "vitest";

import { madeFolder, madeScan } from "../dataset/testing/made-dataset.js";
import { madeConfig, madeTrainingSet, newRunPath, withThreads } from "./testing/made-training.js";
import { resumeTraining, train } from "./train.js";
import { trainFolds } from "./train-folds.js";

const STOPPED = AbortSignal.abort();

/** A run that was stopped before its first step, and can be resumed. */
async function stoppedRun(): Promise<{ readonly path: string; readonly dataset: string }> {
  const dataset = await madeTrainingSet();
  const path = await newRunPath();
  await train(madeConfig(dataset, { epochs: 1 }), path, { signal: STOPPED });
  return { path, dataset };
}

test("a dataset that changed is not trained on further", async () => {
  const { path, dataset } = await stoppedRun();
  const { dataset: was } = JSON.parse(readFileSync(runFolder(path).run, "utf8")) as { readonly dataset: string };
  const csv = join(dataset, "cases.csv");
  writeFileSync(csv, readFileSync(csv, "utf8").replace("masked,p4,,0", "masked,p4,cap,0"));
  await expect(resumeTraining(path)).rejects.toMatchObject({
    code: "TRAINING_CHANGED",
    message: expect.stringMatching(
      new RegExp(
        `^cannot resume ${path}: its dataset was ${was} and is [0-9a-f]{64} now, so it would not go on as it began$`,
      ),
    ),
  });
});

test("another number of threads would give other bits", async () => {
  const { path } = await stoppedRun();
  const before = threads();
  await withThreads(before + 1, async () => {
    await expect(resumeTraining(path)).rejects.toThrow(
      `cannot resume ${path}: its number of threads was ${before} and is ${before + 1} now, so it would not go on as it began; run it with --threads ${before}`,
    );
  });
});

test("a state that was cut short is named, with what is missing of it, and left alone", async () => {
  const { path } = await stoppedRun();
  const { lastState, last } = runFolder(path);
  const weights = readFileSync(last);
  truncateSync(lastState, 100);
  await expect(resumeTraining(path)).rejects.toMatchObject({
    code: "TRAINING_STATE",
    message: expect.stringMatching(
      new RegExp(
        `^cannot resume from ${lastState}: ${lastState} is not a safetensors file that can be read: its header takes `,
      ),
    ),
  });
  expect(readFileSync(last)).toEqual(weights);
});

test("a file of weights in the state's place has no position to go on from", async () => {
  const { path } = await stoppedRun();
  const { lastState, last } = runFolder(path);
  writeFileSync(lastState, readFileSync(last));
  await expect(resumeTraining(path)).rejects.toThrow(
    `cannot resume from ${lastState}: it holds no position of a training`,
  );
});

test("the state of another network is refused with what does not fit", async () => {
  const { path, dataset } = await stoppedRun();
  await writeYaml(
    runFolder(path).config,
    madeConfig(dataset, { network: { name: "multirnet", preset: "tiny", task: "segmentation" } }),
  );
  await expect(resumeTraining(path)).rejects.toMatchObject({
    code: "TRAINING_STATE",
    message: expect.stringMatching(
      /^cannot resume from .*last\.state\.safetensors: these weights are not this network's: \d+ not known here \(classifier\./,
    ),
  });
});

test("a run without its facts, or with facts that are none, says which file", async () => {
  const { path } = await stoppedRun();
  const { run } = runFolder(path);
  writeFileSync(run, '{"name": "made", "seed": "zero"}');
  await expect(resumeTraining(path)).rejects.toThrow(
    `cannot read what ${run} says of the run: key seed: expected number, came "zero"`,
  );
  writeFileSync(run, "{");
  await expect(resumeTraining(path)).rejects.toThrow(
    `cannot read what ${run} says of the run: Expected property name or '}' in JSON`,
  );
});

test("a folder that holds something is not trained into, and nothing in it is touched", async () => {
  const folder = await madeFolder({ "notes.txt": "mine" });
  await expect(train(madeConfig(await madeTrainingSet()), folder)).rejects.toThrow(
    `${folder} holds notes.txt already; choose a new folder, or go on with the run in it by --resume`,
  );
  expect(await readdir(folder)).toEqual(["notes.txt"]);
});

test("a folder that cannot be made is named", async () => {
  const file = join(await madeFolder({ file: "" }), "file");
  const path = join(file, "run");
  await expect(train(madeConfig(await madeTrainingSet()), path)).rejects.toMatchObject({
    code: "FILE_UNWRITABLE",
    message: expect.stringContaining(`cannot write ${path}: `),
  });
});

test("a folder without the right to write is named", async (context) => {
  if (process.getuid?.() === 0) return context.skip("root may write anywhere");
  const path = await newRunPath();
  chmodSync(dirname(path), 0o500);
  await expect(train(madeConfig(await madeTrainingSet()), path)).rejects.toMatchObject({ code: "FILE_UNWRITABLE" });
});

test("a dataset without truth for the network makes no run", async () => {
  const dataset = await madeFolder({
    "dataset.json": '{"labels": {"lesion": 1}, "file_ending": ".nii.gz"}',
    "cases.csv": "case,patient,diagnosis\na,p1,cap\nb,p2,covid-19\n",
    "imagesTr/a_0000.nii.gz": madeScan(),
    "imagesTr/b_0000.nii.gz": madeScan(),
  });
  const path = await newRunPath();
  const config = madeConfig(dataset, { network: { name: "multirnet", preset: "tiny", task: "segmentation" } });
  await expect(train(config, path)).rejects.toMatchObject({
    code: "TRAINING_NO_CASES",
    message: `nothing to train on in ${dataset}: none of its 2 training cases has what the network learns from`,
  });
  expect(existsSync(path)).toBe(false);
});

test("a fold that is not there makes no run", async () => {
  const path = await newRunPath();
  await expect(train(madeConfig(await madeTrainingSet()), path, { fold: 3 })).rejects.toThrow(
    "there is no fold 3; the folds are 0, 1, 2",
  );
  expect(existsSync(path)).toBe(false);
});

test("what is no run folder cannot be resumed", async () => {
  const folder = await madeFolder();
  await expect(resumeTraining(folder)).rejects.toThrow(`${folder} is no run folder: expected config.yaml in it`);
});

test("lesion types that the masks do not tell apart make no run", async () => {
  const path = await newRunPath();
  const lesions = ["ground-glass", "consolidation"];
  const config = madeConfig(await madeTrainingSet(), { network: { name: "multirnet", preset: "tiny", lesions } });
  const refusal = "the dataset has no label ground-glass; dataset.json names lesion";
  await expect(train(config, path)).rejects.toThrow(refusal);
  await expect(trainFolds(config, path)).rejects.toThrow(refusal);
  expect(existsSync(path)).toBe(false);
});
