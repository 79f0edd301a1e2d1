import type { Volume } from "@multirnet/imaging";

import { maskPair, type MaskPair } from "../masks/mask-pair.js";
import { nearestDistancesMm } from "../masks/nearest-distance.js";
import { distanceScore, type Score } from "../score.js";

/** Distance of every surface voxel to the nearest surface voxel of the other mask (Infinity where it has none). */
export interface VoxelSurfacePair {
  readonly truthMm: Float64Array;
  readonly predictionMm: Float64Array;
}

/**
 * The older form of surface distances, over sets of voxels: a surface voxel is one of the mask with a neighbour (of six) that
 * is not; what lies outside the volume is not. Each voxel counts once, whatever its area.
 *
 * @throws EvaluationError EVALUATION_VOXELS_MISSING, EVALUATION_SPACING_INVALID
 */
export function voxelSurfaces(truth: Volume<"label">, prediction: Volume<"label">): VoxelSurfacePair {
  return voxelSurfacesOf(maskPair(truth, prediction));
}

/** As `voxelSurfaces`, of masks that are already cut to their box. */
export function voxelSurfacesOf(pair: MaskPair): VoxelSurfacePair {
  const { size, spacingMm } = pair.grid;
  const truth = surfaceVoxels(pair, pair.truth);
  const prediction = surfaceVoxels(pair, pair.prediction);
  return {
    truthMm: nearestDistancesMm(size, spacingMm, truth, prediction),
    predictionMm: nearestDistancesMm(size, spacingMm, prediction, truth),
  };
}

/** The box has a margin of background, so that every voxel of a mask has its six neighbours. */
function surfaceVoxels({ grid: { size } }: MaskPair, mask: Uint8Array): Uint8Array {
  const row = size.x;
  const slice = size.x * size.y;
  const out = new Uint8Array(mask.length);
  for (let i = 0; i < mask.length; i++) {
    if ((mask[i] as number) === 0) continue;
    const neighbours =
      (mask[i - 1] as number) +
      (mask[i + 1] as number) +
      (mask[i - row] as number) +
      (mask[i + row] as number) +
      (mask[i - slice] as number) +
      (mask[i + slice] as number);
    out[i] = neighbours < 6 ? 1 : 0;
  }
  return out;
}

/**
 * Average surface distance over surface voxels in mm, as the MultiR-Net paper defines it: both directions pooled, each voxel
 * counted once (MedPy's `assd` is the mean of the two directed means instead).
 */
export function averageVoxelSurfaceDistanceMm({ truthMm, predictionMm }: VoxelSurfacePair): Score {
  return distanceScore(
    truthMm.length,
    predictionMm.length,
    () => (sum(truthMm) + sum(predictionMm)) / (truthMm.length + predictionMm.length),
  );
}

/** 95th percentile of the distances of both directions, pooled; linear between the two nearest ranks. In mm. */
export function hausdorff95VoxelMm({ truthMm, predictionMm }: VoxelSurfacePair): Score {
  return distanceScore(truthMm.length, predictionMm.length, () => {
    const pooled = new Float64Array(truthMm.length + predictionMm.length);
    pooled.set(truthMm);
    pooled.set(predictionMm, truthMm.length);
    return percentile(pooled.sort(), 0.95);
  });
}

function sum(values: Float64Array): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i] as number;
  return total;
}

function percentile(sorted: Float64Array, share: number): number {
  const rank = share * (sorted.length - 1);
  const below = Math.floor(rank);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low + (high - low) * (rank - below);
}
