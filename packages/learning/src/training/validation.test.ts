import { expect, test } from "vitest";

import { FULL_SCALE, type PreparedCase } from "../dataset/index.js";
import { GRID } from "../dataset/testing/made-dataset.js";
import { madePrepared } from "../dataset/testing/prepared.js";
import { BrightNetwork } from "./testing/bright-network.js";
import { validate } from "./validation.js";

const CLASSES = ["covid-19", "cap", "normal"];
const COVID = [3, 1, 2]; // logits of a network that says covid-19 of everything
const VOXELS = 9 * 7 * 5;
const settings = {
  preprocessing: { spacingMm: GRID.spacingMm, region: { x: 16, y: 16, z: 16 } },
  inference: { overlap: 0.5, threshold: 0.5, minimumLesionMm3: 0, flips: [] },
};

/** A case that is bright at some voxels, and whose truth lies at others; no truth is not the same as none anywhere. */
function made(bright: readonly number[], truth: readonly number[] | undefined, diagnosis?: string): PreparedCase {
  const image = new Uint16Array(VOXELS);
  for (const voxel of bright) image[voxel] = 0.8 * FULL_SCALE;
  const mask = new Uint8Array(VOXELS);
  for (const voxel of truth ?? []) mask[voxel] = 1;
  const state = truth === undefined ? "unknown" : truth.length === 0 ? "empty" : "drawn";
  return madePrepared({
    entry: { mask: state, ...(diagnosis === undefined ? {} : { diagnosis }) },
    image,
    ...(truth === undefined ? {} : { mask }),
  });
}

const scores = (cases: readonly PreparedCase[], network = new BrightNetwork("joint", COVID)): Promise<object> =>
  validate(network, cases, settings, CLASSES);

test("the score is the mean Dice of whole cases plus the share of right diagnoses", async () => {
  const cases = [
    made([10, 11, 12], [11, 12, 13, 14], "covid-19"), // 2·2 / (3 + 4)
    made([200], [200], "cap"), // 1, and wrong
  ];
  expect(await scores(cases)).toEqual({ score: (4 / 7 + 1) / 2 + 0.5, vdsc: (4 / 7 + 1) / 2, accuracy: 0.5 });
});

test("an empty truth counts by its false positives: nothing found has no Dice, something found has 0", async () => {
  const lesion = made([1], [1]);
  expect(await scores([lesion, made([], [])])).toEqual({ score: 1, vdsc: 1 });
  expect(await scores([lesion, made([5], [])])).toEqual({ score: 0.5, vdsc: 0.5 });
});

test("lesions are looked for as inference does: in the body's box, and small ones do not count", async () => {
  const { x, y, z } = GRID.spacingMm;
  const inference = { ...settings.inference, minimumLesionMm3: 1.5 * x * y * z }; // more than a voxel, less than two
  const found = async (over: Partial<PreparedCase>): Promise<object> =>
    validate(
      new BrightNetwork("segmentation", COVID),
      [{ ...made([10, 11, 40], [10, 11]), ...over }],
      { ...settings, inference },
      CLASSES,
    );
  expect(await found({})).toEqual({ score: 1, vdsc: 1 }); // voxel 40 lies alone
  const body = { from: { x: 0, y: 2, z: 0 }, size: { x: 9, y: 5, z: 5 } }; // voxels 10 and 11 have y 1
  expect(await found({ body })).toEqual({ score: 0, vdsc: 0 });
});

test("a case whose lesions were not drawn says nothing of the outline, whatever was found", async () => {
  const undrawn = made([5, 6, 7], undefined, "cap");
  expect(await scores([made([1], [1]), undrawn])).toEqual({ score: 1, vdsc: 1, accuracy: 0 });
  expect(await scores([undrawn])).toEqual({ score: 0, accuracy: 0 });
});

test("a diagnosis that is not known, or of no class, is not counted", async () => {
  const cases = [made([1], [1]), made([1], [1], "tuberculosis"), made([1], [1], "covid-19")];
  expect(await scores(cases)).toEqual({ score: 2, vdsc: 1, accuracy: 1 });
});

test("a network is judged by the heads that it has", async () => {
  const cases = [made([1, 2], [1, 2], "covid-19")];
  expect(await scores(cases, new BrightNetwork("segmentation", COVID))).toEqual({ score: 1, vdsc: 1 });
  expect(await scores(cases, new BrightNetwork("diagnosis", COVID))).toEqual({ score: 1, accuracy: 1 });
});

test("it stops when it is asked to", async () => {
  const network = new BrightNetwork("joint", COVID);
  await expect(validate(network, [made([1], [1])], settings, CLASSES, AbortSignal.abort())).rejects.toMatchObject({
    code: "INFERENCE_ABORTED",
  });
});
