import { expect, test } from "vitest";

import { madePrepared } from "../dataset/testing/prepared.js";
import { makeBatch, type CaseRegion } from "./batch.js";

const SIZE = { x: 2, y: 1, z: 3 };
const CLASSES = ["covid-19", "cap", "normal"];

function sample(image: readonly number[], mask?: readonly number[], diagnosis?: string): CaseRegion {
  const prepared = madePrepared({
    entry: { mask: mask === undefined ? "unknown" : "drawn", ...(diagnosis === undefined ? {} : { diagnosis }) },
    channels: ["ground-glass", "consolidation"],
  });
  const known = mask === undefined ? {} : { mask: Uint8Array.from(mask) };
  return { prepared, region: { size: SIZE, image: Float32Array.from(image), ...known } };
}

const ramp = [0, 0.25, 0.5, 0.75, 1, 0];

test("regions stand one after another as N×1×D×H×W", () => {
  const { input } = makeBatch([sample(ramp), sample([1, 1, 1, 1, 1, 0.5])], SIZE, CLASSES);
  expect(input.shape).toEqual([2, 1, 3, 1, 2]);
  expect(input.toNumbers()).toEqual([...ramp, 1, 1, 1, 1, 1, 0.5]);
});

test("a mask becomes a channel for each type, and only samples that have one are in it", () => {
  const samples = [sample(ramp), sample(ramp, [0, 1, 2, 0, 0, 2]), sample(ramp), sample(ramp, [0, 0, 0, 0, 0, 0])];
  const { truth } = makeBatch(samples, SIZE, CLASSES);
  expect(truth.masked).toEqual([1, 3]);
  expect(truth.mask?.shape).toEqual([2, 2, 3, 1, 2]);
  expect(truth.mask?.toNumbers()).toEqual([
    ...[0, 1, 0, 0, 0, 0],
    ...[0, 0, 1, 0, 0, 1],
    ...new Array<number>(12).fill(0), // drawn and empty: no lesion, which is not the same as no mask
  ]);
});

test("a diagnosis is a 1 at its class; one that the network has no class for is none", () => {
  const diagnoses = ["normal", undefined, "tuberculosis", "covid-19"];
  const { truth } = makeBatch(
    diagnoses.map((diagnosis) => sample(ramp, undefined, diagnosis)),
    SIZE,
    CLASSES,
  );
  expect(truth.diagnosed).toEqual([0, 3]);
  expect(truth.disease?.shape).toEqual([2, 3]);
  expect(truth.disease?.toNumbers()).toEqual([0, 0, 1, 1, 0, 0]);
});

test("where nothing is known there is no mask and no disease, and not one of zeros", () => {
  const { truth } = makeBatch([sample(ramp)], SIZE, CLASSES);
  expect(truth).toEqual({ masked: [], mask: undefined, diagnosed: [], disease: undefined });
});
