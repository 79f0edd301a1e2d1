import type { Volume, Xyz } from "@multirnet/imaging";

import { EvaluationError } from "../errors.js";
import { maskPair, type MaskPair } from "../masks/mask-pair.js";
import { nearestDistancesMm } from "../masks/nearest-distance.js";
import { surfaceElementAreasMm2 } from "../masks/surface-elements.js";
import { distanceScore, overlapScore, type Score } from "../score.js";

/** A surface element by element: how far each lies from the other surface (Infinity where there is none), and how large it is. */
export interface Surface {
  readonly distancesMm: Float64Array;
  readonly areasMm2: Float64Array;
}
export interface SurfacePair {
  readonly truth: Surface;
  readonly prediction: Surface;
}

/**
 * The costly part, done once per case; each distance metric is then a few lines over its result. The surfaces are those of
 * Nikolov et al., arXiv:1809.04430: an element wherever 8 voxels that meet in a corner are not all alike, with the area that
 * marching cubes gives it, as far from the other surface as its corner is from that surface's nearest corner.
 *
 * @throws EvaluationError EVALUATION_VOXELS_MISSING, EVALUATION_SPACING_INVALID
 */
export function surfaces(truth: Volume<"label">, prediction: Volume<"label">): SurfacePair {
  return surfacesOf(maskPair(truth, prediction));
}

/** As `surfaces`, of masks that are already cut to their box. */
export function surfacesOf({ grid: { size, spacingMm }, truth, prediction }: MaskPair): SurfacePair {
  const corners = { x: Math.max(0, size.x - 1), y: Math.max(0, size.y - 1), z: Math.max(0, size.z - 1) };
  const truthCodes = neighbourhoodCodes(size, corners, truth);
  const predictionCodes = neighbourhoodCodes(size, corners, prediction);
  const areas = surfaceElementAreasMm2(spacingMm);
  const surface = (codes: Uint8Array, other: Uint8Array): Surface => {
    const distancesMm = nearestDistancesMm(corners, spacingMm, codes, other);
    return { distancesMm, areasMm2: elementAreas(codes, areas, distancesMm.length) };
  };
  return { truth: surface(truthCodes, predictionCodes), prediction: surface(predictionCodes, truthCodes) };
}

function elementAreas(codes: Uint8Array, areas: Float64Array, count: number): Float64Array {
  const out = new Float64Array(count);
  for (let i = 0, done = 0; i < codes.length; i++) {
    const code = codes[i] as number;
    if (code > 0) out[done++] = areas[code] as number;
  }
  return out;
}

const ALL_INSIDE = 255;

/** For every corner between 8 voxels the code of `surfaceElementAreasMm2`, but 0 for all inside too: above 0 is surface. */
function neighbourhoodCodes(size: Xyz, corners: Xyz, mask: Uint8Array): Uint8Array {
  const codes = new Uint8Array(corners.x * corners.y * corners.z);
  const slice = size.x * size.y;
  for (let z = 0, at = 0; z < corners.z; z++) {
    for (let y = 0; y < corners.y; y++) {
      let voxel = size.x * (y + size.y * z);
      let column = columnCode(mask, voxel, size.x, slice);
      for (let x = 0; x < corners.x; x++, at++) {
        voxel++;
        const next = columnCode(mask, voxel, size.x, slice);
        const code = column | (next << 4);
        codes[at] = code === ALL_INSIDE ? 0 : code;
        column = next;
      }
    }
  }
  return codes;
}

/** The four voxels of one x: bit 0 is y, bit 1 is z. */
function columnCode(mask: Uint8Array, voxel: number, row: number, slice: number): number {
  return (
    (mask[voxel] as number) |
    ((mask[voxel + row] as number) << 1) |
    ((mask[voxel + slice] as number) << 2) |
    ((mask[voxel + slice + row] as number) << 3)
  );
}

/** Average symmetric surface distance in mm, every element counted by its area. */
export function averageSurfaceDistanceMm({ truth, prediction }: SurfacePair): Score {
  const [truthArea, predictionArea] = [total(truth.areasMm2), total(prediction.areasMm2)];
  return distanceScore(
    truthArea,
    predictionArea,
    () => (weightedSum(truth) + weightedSum(prediction)) / (truthArea + predictionArea),
  );
}

/**
 * Surface Dice: the area of both surfaces that lies within `toleranceMm` of the other, over their whole area.
 * Nikolov et al., arXiv:1809.04430.
 *
 * @throws EvaluationError EVALUATION_TOLERANCE_INVALID
 */
export function surfaceDice({ truth, prediction }: SurfacePair, toleranceMm: number): Score {
  requireTolerance(toleranceMm);
  const [truthArea, predictionArea] = [total(truth.areasMm2), total(prediction.areasMm2)];
  return overlapScore(
    truthArea,
    predictionArea,
    () => (areaWithin(truth, toleranceMm) + areaWithin(prediction, toleranceMm)) / (truthArea + predictionArea),
  );
}

/**
 * Average surface overlap: the mean over both surfaces of the share of its area that lies within `toleranceMm` of the other.
 *
 * @throws EvaluationError EVALUATION_TOLERANCE_INVALID
 */
export function averageSurfaceOverlap({ truth, prediction }: SurfacePair, toleranceMm: number): Score {
  requireTolerance(toleranceMm);
  const [truthArea, predictionArea] = [total(truth.areasMm2), total(prediction.areasMm2)];
  return overlapScore(
    truthArea,
    predictionArea,
    () => (areaWithin(truth, toleranceMm) / truthArea + areaWithin(prediction, toleranceMm) / predictionArea) / 2,
  );
}

/**
 * Robust Hausdorff distance in mm: for each surface the distance that 95 % of its area does not exceed, the larger of the two.
 * Nikolov et al., arXiv:1809.04430.
 */
export function hausdorff95Mm({ truth, prediction }: SurfacePair): Score {
  return distanceScore(truth.areasMm2.length, prediction.areasMm2.length, () =>
    Math.max(distanceOfShare(truth, 0.95), distanceOfShare(prediction, 0.95)),
  );
}

/** Sums in another order than a peer's may differ in the last bits; what lies just at a limit counts as within it. */
const ROUNDING = 1e-12;

function requireTolerance(toleranceMm: number): void {
  if (!(toleranceMm >= 0 && toleranceMm < Infinity)) {
    throw new EvaluationError({ code: "EVALUATION_TOLERANCE_INVALID", toleranceMm });
  }
}

function total(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return sum;
}

function weightedSum({ distancesMm, areasMm2 }: Surface): number {
  let sum = 0;
  for (let i = 0; i < distancesMm.length; i++) sum += (distancesMm[i] as number) * (areasMm2[i] as number);
  return sum;
}

function areaWithin({ distancesMm, areasMm2 }: Surface, limitMm: number): number {
  const limit = limitMm * (1 + ROUNDING);
  let sum = 0;
  for (let i = 0; i < distancesMm.length; i++) if ((distancesMm[i] as number) <= limit) sum += areasMm2[i] as number;
  return sum;
}

/** The smallest of a surface's distances within which `share` of its area lies. */
function distanceOfShare(surface: Surface, share: number): number {
  const sorted = surface.distancesMm.slice().sort();
  const wanted = share * total(surface.areasMm2) * (1 - ROUNDING);
  let [low, high] = [0, sorted.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (areaWithin(surface, sorted[middle] as number) >= wanted) high = middle;
    else low = middle + 1;
  }
  return sorted[low] as number;
}
