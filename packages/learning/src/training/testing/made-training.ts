import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { runFolder } from "@multirnet/artifacts";
import { setThreads, threads } from "@multirnet/engine";
import { LPS_AXES, type Grid, type Volume, type Xyz } from "@multirnet/imaging";
import { writeNifti } from "@multirnet/imaging/node";
import { stringify } from "yaml";

import { parseTrainConfig, type TrainConfig } from "../../config/train-config.js";
import { madeFolder, madeMask, madeScan, placesOf } from "../../dataset/testing/made-dataset.js";

/** Little more than the region of `madeConfig`, so that a case is two windows and all is quick. */
const GRID: Grid = {
  size: { x: 32, y: 20, z: 16 },
  spacingMm: { x: 1.5, y: 1.5, z: 2 },
  originMm: { x: 0, y: 0, z: 0 },
  axes: LPS_AXES,
};

const CSV = `case,patient,diagnosis,fold
both-1,p1,covid-19,0
both-2,p2,cap,1
normal,p3,normal,2
masked,p4,,0
diagnosed,p5,cap,1
both-3,p6,covid-19,2
both-4,p7,covid-19,1
`;

/** 5×4×3 voxels of lesion from a corner on. */
function lesionAt(corner: Xyz): Volume<"label"> {
  const block = placesOf({ x: 5, y: 4, z: 3 });
  return madeMask(
    block.map(({ x, y, z }) => [{ x: x + corner.x, y: y + corner.y, z: z + corner.z }, 1] as const),
    GRID,
  );
}

/**
 * A dataset folder of seven small cases in three folds: with both a mask and a diagnosis, a normal one, one with only a mask, one with only a
 * diagnosis. It is gone after the test.
 */
export async function madeTrainingSet(): Promise<string> {
  const dir = await madeFolder();
  await writeTrainingSet(dir);
  return dir;
}

/** A folder for all tests of a file, to be called in its `beforeAll`, with a training set in `data`. */
export async function sharedTrainingSet(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "training-"));
  await writeTrainingSet(join(dir, "data"));
  return dir;
}

async function writeTrainingSet(dir: string): Promise<void> {
  for (const folder of ["imagesTr", "labelsTr"]) await mkdir(join(dir, folder), { recursive: true });
  await writeFile(join(dir, "dataset.json"), '{"name": "made", "labels": {"lesion": 1}, "file_ending": ".nii"}');
  await writeFile(join(dir, "cases.csv"), CSV);
  const names = CSV.trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(",")[0] ?? "");
  for (const [index, name] of names.entries()) {
    const scan = madeScan(GRID);
    for (let i = index; i < scan.voxels.length; i += 7) scan.voxels[i] = -300 + 50 * index; // each a scan of its own
    await writeNifti(join(dir, "imagesTr", `${name}_0000.nii`), scan);
  }
  const lesions = {
    "both-1": { x: 3, y: 3, z: 4 },
    "both-2": { x: 20, y: 10, z: 9 },
    "both-3": { x: 12, y: 12, z: 2 },
    "both-4": { x: 8, y: 6, z: 12 },
    masked: { x: 25, y: 4, z: 7 },
  };
  for (const [name, at] of Object.entries(lesions))
    await writeNifti(join(dir, "labelsTr", `${name}.nii`), lesionAt(at));
}

/** A training of two epochs of three steps on a region of 32×16×16; no checkpoint but at an epoch that validated better, and at the end. */
export function madeConfig(dataset: string, given: object = {}): TrainConfig {
  const least = {
    name: "made",
    dataset,
    network: { name: "multirnet", preset: "tiny" },
    preprocessing: { region: { x: 32, y: 16, z: 16 } },
    augmentation: { flipLeftRight: 0.5, noise: 0.5 },
    batchSize: 3,
    epochs: 2,
    checkpointMinutes: 1000,
  };
  return parseTrainConfig(stringify({ ...least, ...given }), "made.yaml");
}

/** What a training leaves that must be the same each time. */
export interface TrainingResult {
  readonly weights: string; // bytes of the last weights and of the state, as text
  readonly state: string;
  readonly log: readonly object[]; // without the time that steps took
}

export async function resultOf(path: string): Promise<TrainingResult> {
  const run = runFolder(path);
  const lines = (await readFile(run.log, "utf8")).trimEnd().split("\n");
  const log = lines.map((line) => {
    const { seconds: _, waitSeconds: __, ...rest } = JSON.parse(line) as Record<string, unknown>;
    return rest;
  });
  return { weights: await readFile(run.last, "base64"), state: await readFile(run.lastState, "base64"), log };
}

/** Runs the body with another number of threads. */
export async function withThreads<T>(count: number, body: () => Promise<T>): Promise<T> {
  const before = threads();
  setThreads(count);
  try {
    return await body();
  } finally {
    setThreads(before);
  }
}

/** The names of a run's files as the tests of this folder want to see them. */
export const RUN_FILES = [
  "checkpoints/last.safetensors",
  "checkpoints/last.state.safetensors",
  "config.yaml",
  "log.jsonl",
  "model.json",
  "run.json",
];

/** A path for a run in a folder of its own. */
export async function newRunPath(): Promise<string> {
  return join(await madeFolder(), "run");
}
