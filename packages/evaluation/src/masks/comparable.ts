import { requireSameGrid, voxelCount, type Volume } from "@multirnet/imaging";

import { EvaluationError } from "../errors.js";

const AXES = ["x", "y", "z"] as const;

/**
 * That two masks can be compared voxel by voxel.
 *
 * @throws EvaluationError EVALUATION_SPACING_INVALID, EVALUATION_VOXELS_MISSING
 * @throws ImagingError GRIDS_DIFFER
 */
export function requireComparable(truth: Volume<"label">, prediction: Volume<"label">): void {
  requireWhole("truth", truth);
  requireWhole("prediction", prediction);
  requireSameGrid({ name: "the truth", grid: truth.grid }, { name: "the prediction", grid: prediction.grid });
}

function requireWhole(mask: string, { grid, voxels }: Volume<"label">): void {
  for (const axis of AXES) {
    const spacingMm = grid.spacingMm[axis];
    if (!(spacingMm > 0 && spacingMm < Infinity)) {
      throw new EvaluationError({ code: "EVALUATION_SPACING_INVALID", mask, axis, spacingMm });
    }
  }
  const expected = voxelCount(grid);
  if (voxels.length !== expected) {
    throw new EvaluationError({ code: "EVALUATION_VOXELS_MISSING", mask, expected, found: voxels.length });
  }
}
