import { NOTICE, VERSION } from "@multirnet/base";
import { voxelCount, type Volume } from "@multirnet/imaging";
import { expect, test } from "vitest";

import { findingOf } from "./finding.js";
import { card } from "./testing/models.js";
import { gridOf } from "./testing/scans.js";
import type { ScanFinding } from "./whole-scan.js";

const chest = { hu: { min: -1024, max: 900, mean: -300 }, warnings: [] };

/** Two lesions of 3 and 1 voxels of 0.5 × 0.6 × 5 mm, far apart. */
function found(spacingMm = { x: 0.5, y: 0.6, z: 5 }): ScanFinding {
  const grid = gridOf({ x: 6, y: 4, z: 3 }, spacingMm);
  const voxels = new Uint8Array(voxelCount(grid));
  for (const voxel of [0, 1, 2, 71]) voxels[voxel] = 1;
  const lesions: Volume<"label"> = { meaning: "label", grid, voxels };
  return { lesions, probability: undefined, disease: undefined, windows: 1 };
}

test("volumes are in ml, lesions come largest first, and what cannot be given says why", () => {
  const finding = findingOf(card, found(), { ...chest, warnings: ["of the reader"] });
  expect(finding.lesionMl).toBeCloseTo(0.006, 12); // 4 voxels of 1.5 mm³
  expect(finding.lesions.map(({ voxels }) => voxels)).toEqual([3, 1]);
  const none = { undefined: "this model gives no diagnosis: it was trained to outline lesions only" };
  const noLung = { undefined: "lungs are not outlined yet" };
  expect(finding).toMatchObject({
    diagnosis: none,
    probabilities: none,
    lungMl: noLung,
    involvedPercent: noLung,
    severity: noLung,
    notice: NOTICE,
    versions: { multirnet: VERSION, "multirnet of the training": "0.1.0" },
    warnings: ["of the reader", "the model was trained on synthetic scans only: on a patient's scan it means nothing"],
  });
  expect(finding.trainedOn).toEqual({
    lesion: "phantoms: 1 synthetic cases, no patients, with a lesion mask",
    disease: none,
  });
});

test("no voxels are too coarse for a model that fits scans to its region", () => {
  const coarse = { x: 9, y: 9, z: 9 };
  const warnings = (spacingMm: typeof card.preprocessing.spacingMm): readonly string[] =>
    findingOf({ ...card, preprocessing: { ...card.preprocessing, spacingMm } }, found(coarse), {
      ...chest,
      warnings: [],
    }).warnings;
  expect(warnings({ x: 1, y: 1, z: 2 })[0]).toMatch(/far coarser/);
  expect(warnings({ x: "fit", y: "fit", z: 2 }).join()).not.toMatch(/coarser/);
});

test("the diagnosis is the likeliest class, and a model that only diagnoses outlines nothing", () => {
  const disease = [
    { name: "covid-19", probability: 0.2 },
    { name: "cap", probability: 0.5 },
    { name: "normal", probability: 0.3 },
  ];
  const real = { ...card.data, synthetic: false, diagnoses: 7, estimated: ["spacing" as const, "intensity" as const] };
  const finding = findingOf({ ...card, labels: [], classes: ["a"], data: real }, { ...found(), disease }, chest);
  const none = { undefined: "this model outlines no lesions" };
  expect(finding).toMatchObject({
    diagnosis: "cap",
    probabilities: { "covid-19": 0.2, cap: 0.5, normal: 0.3 },
    lesionMl: none,
    lesions: [],
    trainedOn: {
      lesion: none,
      disease: "phantoms: 7 cases, with a diagnosis; estimated, not measured: spacing, intensity",
    },
    warnings: [],
  });
});

test.each([
  {
    hu: { min: 0, max: 255, mean: 90 },
    says: "this does not look like a chest CT in Hounsfield units: its values run from 0 to 255, and a chest has air and tissue",
  },
  {
    hu: { min: -1024, max: -400, mean: -900 },
    says: "this does not look like a chest CT in Hounsfield units: its values run from -1024 to -400, and a chest has air and tissue",
  },
  {
    hu: { min: -1024, max: 60_000, mean: 0 },
    says: "some voxels are no Hounsfield units: its values run from -1024 to 60000",
  },
])("values from $hu.min to $hu.max are warned of", ({ hu, says }) => {
  const real = { ...card, data: { ...card.data, synthetic: false } };
  expect(findingOf(real, found(), { hu, warnings: [] }).warnings).toEqual([says]);
});

test("voxels far coarser than the model works at are warned of, whatever axis is the coarse one", () => {
  const real = { ...card, data: { ...card.data, synthetic: false } }; // works at 1.5 × 1.25 × 2 mm
  expect(findingOf(real, found({ x: 0.7, y: 6, z: 0.7 }), chest).warnings).toEqual([]); // three times 2 mm is not beyond it
  expect(findingOf(real, found({ x: 0.7, y: 6.1, z: 0.7 }), chest).warnings).toEqual([
    "the scan's voxels (0.70 × 0.70 × 6.10 mm) are far coarser than what the model works at (1.25 × 1.50 × 2.00 mm)",
  ]);
});
