import { expect, test } from "vitest";

import { LPS_AXES, type Grid } from "@multirnet/imaging";

import { report } from "../testing/small-report.js";

import { scanReportHtml } from "./scan-page.js";

const MOST_BYTES = 3_000_000;

test("a scan of 512 × 512 × 300 voxels of noise, which nothing compresses, makes a page under 3 MB", () => {
  const grid: Grid = {
    size: { x: 512, y: 512, z: 300 },
    spacingMm: { x: 0.7, y: 0.7, z: 1 },
    originMm: { x: 0, y: 0, z: 0 },
    axes: LPS_AXES,
  };
  const count = 512 * 512 * 300;
  const voxels = new Float32Array(count);
  const labels = new Uint8Array(count);
  let state = 1;
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0; // Numerical Recipes' generator: fast, and random enough here
    voxels[i] = -1350 + (state >>> 8) * (1500 / 2 ** 24);
    labels[i] = Math.hypot((i % 512) - 300, (Math.floor(i / 512) % 512) - 250, i / 262_144 - 150) < 90 ? 1 : 0;
  }
  const { probability: _, ...rest } = report;
  const page = scanReportHtml({
    ...rest,
    scan: { meaning: "hounsfield", grid, voxels },
    lesions: { meaning: "label", grid, voxels: labels },
    probability: { meaning: "probability", grid, voxels: Float32Array.from(labels, (label) => label * 0.9) },
  });
  expect(page.length).toBeLessThan(MOST_BYTES);
  expect(page.length).toBeGreaterThan(500_000); // the pictures are there
});
