import { LPS_AXES, voxelIndex, type Volume } from "@multirnet/imaging";

import type { ScanReport } from "../scan/scan-report.js";

// Unequal on purpose; a bright body with two dark lungs and one lesion, small enough to think through.
const size = { x: 30, y: 24, z: 10 };
const grid = { size, spacingMm: { x: 2, y: 2.5, z: 5 }, originMm: { x: -30, y: -40, z: 100 }, axes: LPS_AXES };

function painted<M extends "hounsfield" | "label" | "probability">(
  volume: Volume<M>,
  value: (x: number, y: number, z: number) => number,
): Volume<M> {
  for (let z = 0; z < size.z; z++) {
    for (let y = 0; y < size.y; y++) {
      for (let x = 0; x < size.x; x++) volume.voxels[voxelIndex(grid, { x, y, z })] = value(x, y, z);
    }
  }
  return volume;
}

const voxels = size.x * size.y * size.z;
const inLung = (x: number, y: number): boolean => Math.min(Math.hypot(x - 9, y - 12), Math.hypot(x - 21, y - 12)) < 5;
const inLesion = (x: number, y: number, z: number): boolean => Math.hypot(x - 21, y - 13, z - 4) < 3;

export const scan: Volume<"hounsfield"> = painted(
  { meaning: "hounsfield", grid, voxels: new Float32Array(voxels) },
  (x, y, z) => (inLesion(x, y, z) ? -300 : inLung(x, y) ? -850 : 40),
);

export const lesions: Volume<"label"> = painted(
  { meaning: "label", grid, voxels: new Uint8Array(voxels) },
  (x, y, z) => (inLesion(x, y, z) ? 1 : 0),
);

export const probability: Volume<"probability"> = painted(
  { meaning: "probability", grid, voxels: new Float32Array(voxels) },
  (x, y, z) => (inLesion(x, y, z) ? 0.9 : 0),
);

export const report: ScanReport = {
  title: "case-07",
  createdAt: "2026-03-04T05:06:07.000Z",
  synthetic: false,
  scan,
  lesions,
  probability,
  lesionTypes: ["lesion"],
  diagnosis: [
    { name: "cap", probability: 0.07 },
    { name: "covid-19", probability: 0.926 },
    { name: "normal", probability: 0.004 },
  ],
  facts: [
    { name: "Lesions", value: 2.375, unit: "ml" },
    { name: "Lung", value: { undefined: "no lung mask" }, unit: "ml" },
  ],
  lesionTable: [
    {
      rank: 1,
      ml: 2.375,
      voxels: 95,
      centreMm: { x: 12, y: -7.5, z: 120 },
      box: { from: { x: 19, y: 11, z: 2 }, size: { x: 5, y: 5, z: 5 } },
    },
  ],
  trainedOn: [
    { output: "Lesion outline", data: "60 phantoms" },
    { output: "Diagnosis", data: { undefined: "this network only outlines" } },
  ],
  warnings: [],
  versions: { multirnet: "0.1.0" },
  notice: "Research software, not a medical device.",
};
