import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  averageSurfaceDistanceMm,
  averageSurfaceOverlap,
  hausdorff95Mm,
  surfaceDice,
  surfaces,
  voxelSurfaces,
} from "@multirnet/evaluation";

import { besidePeer } from "./beside.js";
import { sizeText, triple, type VolumeBenchOptions } from "./imaging.js";
import { Peer } from "./peer.js";
import type { BenchRow } from "./row.js";
import { syntheticMask } from "./synthetic.js";

const TOLERANCE_MM = 1;

/**
 * S-DSC, ASO, ASD and HD95 at 1 mm of a pair of synthetic masks, beside scipy's distance transform: between surface voxels, as the peer has them, and
 * between surface elements with their areas, as `metrics` tells them (for which the peer is the same).
 */
export async function metricsRows({ size, turns, python }: VolumeBenchOptions): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), "multirnet-bench-"));
  const peer = new Peer(python);
  try {
    const [truth, prediction] = [syntheticMask(size, 0), syntheticMask(size, 1)];
    const file = (name: string, voxels: Uint8Array): string => {
      const path = join(folder, name);
      writeFileSync(path, voxels);
      return path;
    };
    const settings = {
      work: "metrics",
      truth: file("truth.raw", truth.voxels),
      prediction: file("prediction.raw", prediction.voxels),
      size: triple(size),
      spacing: triple(truth.grid.spacingMm),
    };
    let found: readonly number[] = [];
    const byVoxels = await besidePeer(
      {
        name: `S-DSC, ASO, ASD and HD95 by surface voxels, ${sizeText(size)}`,
        run: () => {
          const { truthMm, predictionMm } = voxelSurfaces(truth, prediction);
          found = ofDistances(truthMm, predictionMm);
        },
        numbers: () => found,
        tolerance: 1e-9,
      },
      await peer.prepare(settings),
      turns,
    );
    const byAreas = await besidePeer(
      {
        name: `S-DSC, ASO, ASD and HD95 by areas, ${sizeText(size)}`,
        run: () => {
          const pair = surfaces(truth, prediction);
          const scores = [averageSurfaceDistanceMm(pair), hausdorff95Mm(pair), surfaceDice(pair, TOLERANCE_MM)];
          found = [...scores, averageSurfaceOverlap(pair, TOLERANCE_MM)].map((score) =>
            score.kind === "value" ? score.value : NaN,
          );
        },
        numbers: () => found,
        tolerance: Infinity, // areas are not voxels: the same work, other numbers, which the golden tests of `evaluation` hold
      },
      await peer.prepare(settings),
      turns,
    );
    return [byVoxels, byAreas];
  } finally {
    peer.end();
    rmSync(folder, { recursive: true });
  }
}

/** ASD in mm, the larger of both 95th percentiles in mm, S-DSC and ASO, every surface voxel counting once. */
function ofDistances(a: Float64Array, b: Float64Array): number[] {
  const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
  const within = (values: Float64Array): number =>
    values.reduce((count, value) => count + Number(value <= TOLERANCE_MM), 0);
  const both = a.length + b.length;
  return [
    (sum(a) + sum(b)) / both,
    Math.max(percentile95(a), percentile95(b)),
    (within(a) + within(b)) / both,
    (within(a) / a.length + within(b) / b.length) / 2,
  ];
}

function percentile95(values: Float64Array): number {
  const sorted = values.slice().sort();
  const place = 0.95 * (sorted.length - 1);
  const low = sorted[Math.floor(place)] ?? NaN;
  return low + (place - Math.floor(place)) * ((sorted[Math.ceil(place)] ?? NaN) - low);
}
