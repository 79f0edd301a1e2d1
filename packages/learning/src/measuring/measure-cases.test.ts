import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { ModelCard } from "@multirnet/artifacts";
import { NOTICE } from "@multirnet/base";
import type { LoadedModel } from "@multirnet/inference";
import type { Volume, Xyz } from "@multirnet/imaging";
import { writeNifti } from "@multirnet/imaging/node";
import type { Task } from "@multirnet/networks";
import { afterAll, beforeAll, expect, test } from "vitest";

import { openDataset, type Dataset } from "../dataset/index.js";
import { GRID, madeMask } from "../dataset/testing/made-dataset.js";
import { BrightNetwork } from "../training/testing/bright-network.js";
import { measureCases, type Measured } from "./measure-cases.js";

/** A block whose voxels are lesion to the network, in a body that is not and air that is nothing. */
function scanWith(bright: readonly Xyz[]): Volume<"hounsfield"> {
  const { size } = GRID;
  const voxels = new Float32Array(size.x * size.y * size.z).fill(-700);
  for (const { x, y, z } of bright) voxels[x + size.x * (y + size.y * z)] = 200;
  return { meaning: "hounsfield", grid: GRID, voxels };
}
const block = (from: number, to: number): Xyz[] =>
  Array.from({ length: to - from }, (_, i) => i + from).flatMap((x) => [2, 3].map((y) => ({ x, y, z: 2 })));
const marks = (places: readonly Xyz[]): (readonly [Xyz, number])[] => places.map((place) => [place, 1]);

// Found in part; found whole, on a guessed spacing; normal, with something found and with nothing; and one whose lesions nobody drew.
const CSV = `case,patient,diagnosis,estimated
found,p1,covid-19,
guessed,p2,cap,spacing
normal,p3,normal,
clean,p4,normal,
undrawn,p5,covid-19,
`;
const BRIGHT = { found: block(1, 4), guessed: block(3, 6), normal: block(2, 4), clean: [], undrawn: block(5, 8) };

let dir = "";
let dataset: Dataset;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "measuring-"));
  for (const folder of ["imagesTr", "labelsTr"]) await mkdir(join(dir, folder));
  await writeFile(
    join(dir, "dataset.json"),
    '{"name": "made", "labels": {"ground-glass": 1, "consolidation": 2}, "file_ending": ".nii"}',
  );
  await writeFile(join(dir, "cases.csv"), CSV);
  for (const [name, bright] of Object.entries(BRIGHT))
    await writeNifti(join(dir, "imagesTr", `${name}_0000.nii`), scanWith(bright));
  await writeNifti(join(dir, "labelsTr", "found.nii"), madeMask(marks(block(1, 5))));
  await writeNifti(join(dir, "labelsTr", "guessed.nii"), madeMask(marks(block(3, 6))));
  dataset = await openDataset(dir);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** The network that says covid-19 with probabilities ½, ⅓, ⅙ of every scan. */
function model(task: Task, types: readonly string[] = ["lesion"]): LoadedModel {
  const card: ModelCard = {
    format: 1,
    network: { name: "bright", options: {} },
    task,
    classes: task === "segmentation" ? [] : ["covid-19", "cap", "normal"],
    labels: task === "diagnosis" ? [] : [...types],
    preprocessing: {
      spacingMm: GRID.spacingMm,
      windowHu: { low: -1000, high: 400 },
      region: { x: 16, y: 16, z: 16 },
    },
    passes: 0,
    inference: { overlap: 0.5, threshold: 0.5, minimumLesionMm3: 0 },
    data: {
      name: "made",
      cases: [],
      masks: 0,
      diagnoses: 0,
      synthetic: true,
      estimated: [],
      licence: "none",
      notes: "",
    },
    metrics: {},
    licence: "none",
    notice: NOTICE,
    versions: {},
  };
  const network = new BrightNetwork(task, [Math.log(3), Math.log(2), Math.log(1)], types.length);
  return { card, network, digest: "", path: "" };
}

const entries = (...names: readonly string[]): Dataset["cases"] =>
  dataset.cases.filter(({ name }) => names.length === 0 || names.includes(name));
const measured = (task: Task, ...names: readonly string[]): Promise<Measured> =>
  measureCases(model(task), dataset, entries(...names));

const VOXEL_ML = (1.5 * 1.4 * 2.5) / 1000;

test("a case has all scores of its outline, on its own grid", async () => {
  const { cases } = await measured("segmentation", "found");
  expect(cases).toHaveLength(1);
  expect(cases[0]).toMatchObject({
    case: "found",
    segmentation: {
      vdsc: expect.closeTo((2 * 6) / (6 + 8), 12),
      sensitivity: 6 / 8,
      precision: 1,
      truthMl: expect.closeTo(8 * VOXEL_ML, 7),
      predictionMl: expect.closeTo(6 * VOXEL_ML, 7),
      volumeDifferenceMl: expect.closeTo(-2 * VOXEL_ML, 7),
      tolerances: [
        { toleranceMm: 1, sdsc: expect.any(Number), aso: expect.any(Number) },
        { toleranceMm: 3, sdsc: 1, aso: 1 },
      ],
    },
  });
  expect(cases[0]).not.toHaveProperty("diagnosis");
});

test("from an estimated spacing no ml is reported, and the mean says why it leaves the case out", async () => {
  const { cases, segmentation } = await measured("segmentation", "found", "guessed");
  expect(cases[1]?.segmentation).toMatchObject({
    vdsc: 1,
    truthMl: { undefined: "spacing is estimated" },
    predictionMl: { undefined: "spacing is estimated" },
  });
  expect(segmentation).toMatchObject({
    vdsc: { mean: expect.closeTo((12 / 14 + 1) / 2, 12), cases: 2, undefinedCases: [] },
    truthMl: {
      mean: expect.closeTo(8 * VOXEL_ML, 7),
      cases: 1,
      undefinedCases: [{ because: "spacing is estimated", cases: 1 }],
    },
  });
});

test("a normal case has an empty truth: what is found in it has Dice 0, and nothing found counts as right", async () => {
  const { cases, segmentation } = await measured("segmentation", "found", "normal", "clean");
  expect(cases.map(({ segmentation: scores }) => scores?.vdsc)).toEqual([
    expect.closeTo(12 / 14, 12),
    0,
    { undefined: "both are empty" },
  ]);
  expect(segmentation).toMatchObject({
    vdsc: { mean: expect.closeTo(6 / 14, 12), cases: 2, undefinedCases: [{ because: "both are empty", cases: 1 }] },
    specificity: {
      mean: 0.5,
      cases: 2,
      undefinedCases: [{ because: "no lesion-free case", cases: 1 }],
      // Clopper and Pearson for 1 of 2: 1 − √0.975 and √0.975.
      interval95: { low: expect.closeTo(0.0125791, 6), high: expect.closeTo(0.9874209, 6) },
    },
  });
});

test("lesion types that are told apart are measured each, beside all together", async () => {
  const of = (types: readonly string[]): Promise<Measured> =>
    measureCases(model("segmentation", types), dataset, entries("found", "normal"));
  // What is bright is of the first type; all that was drawn is ground-glass.
  const right = await of(["ground-glass", "consolidation"]);
  expect(right.cases[0]).toMatchObject({
    segmentation: { vdsc: expect.closeTo(12 / 14, 12) },
    types: {
      "ground-glass": { vdsc: expect.closeTo(12 / 14, 12) },
      consolidation: { vdsc: { undefined: "both are empty" } },
    },
  });
  expect(right.types).toMatchObject({
    "ground-glass": { vdsc: { mean: expect.closeTo(6 / 14, 12), cases: 2 } },
    consolidation: { vdsc: { cases: 0 } },
  });
  const wrong = await of(["consolidation", "ground-glass"]);
  expect(wrong.cases[0]).toMatchObject({
    segmentation: { vdsc: expect.closeTo(12 / 14, 12) },
    types: { "ground-glass": { vdsc: 0, sensitivity: 0 }, consolidation: { vdsc: 0, precision: 0 } },
  });
});

test("a case whose lesions were not drawn is measured by its diagnosis alone", async () => {
  const { cases, segmentation, classification } = await measured("joint", "undrawn");
  expect(cases).toEqual([
    {
      case: "undrawn",
      diagnosis: {
        truth: "covid-19",
        prediction: "covid-19",
        probabilities: {
          "covid-19": expect.closeTo(1 / 2, 6),
          cap: expect.closeTo(1 / 3, 6),
          normal: expect.closeTo(1 / 6, 6),
        },
      },
    },
  ]);
  expect(segmentation).toEqual({ undefined: "no case with a mask, or no outline from this model" });
  expect(classification).toMatchObject({ cases: 1, accuracy: 1 });
});

test("diagnoses are counted by class, and a class that was never predicted has no precision", async () => {
  const { classification } = await measured("joint");
  expect(classification).toMatchObject({
    cases: 5,
    accuracy: 2 / 5,
    confusion: {
      classes: ["covid-19", "cap", "normal"],
      counts: [
        [2, 0, 0],
        [1, 0, 0],
        [2, 0, 0],
      ],
    },
  });
  const { classes } = classification as { readonly classes: readonly object[] };
  expect(classes).toMatchObject([
    { name: "covid-19", recall: 1, precision: 2 / 5 },
    { name: "cap", recall: 0, precision: { undefined: "class was never predicted" } },
    { name: "normal", recall: 0, precision: { undefined: "class was never predicted" } },
  ]);
});

test("the keys are those of evaluate --json, with what a model does not do said to be undefined", async () => {
  const both = await measured("joint");
  expect(Object.keys(both)).toEqual(["segmentation", "classification", "cases"]);
  expect(Object.keys(both.segmentation)).toEqual(
    expect.arrayContaining([
      ...["vdsc", "sdsc", "aso", "asdMm", "asdVoxelMm", "hd95Mm", "hd95VoxelMm", "truthMl", "predictionMl"],
      ...["sdscAt3Mm", "asoAt3Mm", "lesionRecall", "lesionPrecision", "lesionF1", "specificity"],
    ]),
  );
  expect((await measured("segmentation")).classification).toEqual({
    undefined: "no case with a diagnosis, or no diagnosis from this model",
  });
  const diagnosis = await measured("diagnosis");
  expect(diagnosis.segmentation).toEqual({ undefined: "no case with a mask, or no outline from this model" });
  expect(diagnosis.cases.every((each) => each.segmentation === undefined)).toBe(true);
});

test("each finding is handed out before the next case, on the grid of its scan", async () => {
  const seen: string[] = [];
  await measureCases(model("joint"), dataset, entries("found", "clean"), {
    onFinding: ({ name }, lesions) => {
      seen.push(`${name}: ${lesions.voxels.filter((value) => value === 1).length} voxels`);
      expect(lesions.grid.size).toEqual(GRID.size);
      return Promise.resolve();
    },
    onCase: (done, of, name) => seen.push(`${name}, ${done} of ${of}`),
  });
  expect(seen).toEqual(["found: 6 voxels", "found, 1 of 2", "clean: 0 voxels", "clean, 2 of 2"]);
});

test("it stops when it is asked to", async () => {
  const stopped = measureCases(model("joint"), dataset, entries(), { signal: AbortSignal.abort() });
  await expect(stopped).rejects.toMatchObject({ code: "INFERENCE_ABORTED" });
});

test("a region is cut around the largest lesion of the truth, and what lies outside it is not looked at", async () => {
  const small = model("joint");
  const region = { x: 3, y: 3, z: 3 };
  const card = { ...small.card, preprocessing: { ...small.card.preprocessing, region } };
  const [case_] = (await measureCases({ ...small, card }, dataset, entries("found"), { region: "roi" })).cases;
  // The truth of four by two voxels lies from x = 1 to 4 and y = 2 to 3 in slice 2, its middle at 2.5, 2.5: the region spans 2 to 4 and 2 to 4, so six
  // voxels of it, of which the network finds those with x = 2 and 3.
  const { x, y, z } = GRID.spacingMm;
  expect(case_?.segmentation).toMatchObject({
    truthMl: expect.closeTo((6 * x * y * z) / 1000, 6),
    predictionMl: expect.closeTo((4 * x * y * z) / 1000, 6),
    vdsc: expect.closeTo((2 * 4) / (6 + 4), 9),
  });
});

test("a region of a case without a known lesion is centred on the body, and has no score where nobody drew lesions", async () => {
  const { cases } = await measureCases(model("joint"), dataset, entries("clean", "undrawn"), { region: "roi" });
  expect(cases.map(({ segmentation }) => segmentation?.vdsc)).toEqual([{ undefined: "both are empty" }, undefined]);
  expect(cases[1]?.diagnosis).toMatchObject({ truth: "covid-19", prediction: "covid-19" });
});
