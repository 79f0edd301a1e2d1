import { patientPoint, voxelCount, voxelPoint, type Grid, type Volume, type Xyz } from "@multirnet/imaging";

import { EvaluationError } from "../errors.js";

const AXES = ["x", "y", "z"] as const;

/** Voxel centres may lie this share of a voxel apart: headers keep places in 32-bit numbers and rotations in quaternions. */
const TOLERANCE_VOXELS = 0.05;

/**
 * That two masks can be compared voxel by voxel.
 *
 * @throws EvaluationError EVALUATION_SPACING_INVALID, EVALUATION_VOXELS_MISSING, EVALUATION_GRIDS_DIFFER
 */
export function requireComparable(truth: Volume<"label">, prediction: Volume<"label">): void {
  requireWhole("truth", truth);
  requireWhole("prediction", prediction);
  requireOneGrid(truth.grid, prediction.grid);
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

function requireOneGrid(truth: Grid, prediction: Grid): void {
  const differ = (property: "size" | "spacing" | "place", of: (grid: Grid) => string): EvaluationError =>
    new EvaluationError({ code: "EVALUATION_GRIDS_DIFFER", property, truth: of(truth), prediction: of(prediction) });
  if (AXES.some((axis) => truth.size[axis] !== prediction.size[axis])) {
    throw differ("size", ({ size }) => `${size.x} x ${size.y} x ${size.z}`);
  }
  const off = (axis: "x" | "y" | "z"): number => Math.abs(prediction.spacingMm[axis] / truth.spacingMm[axis] - 1);
  if (AXES.some((axis) => !(off(axis) * truth.size[axis] <= TOLERANCE_VOXELS))) {
    throw differ("spacing", ({ spacingMm }) => `${words(spacingMm)} mm`);
  }
  for (const voxel of farVoxels(truth.size)) {
    const found = voxelPoint(truth, patientPoint(prediction, voxel));
    if (AXES.some((axis) => !(Math.abs(found[axis] - voxel[axis]) <= TOLERANCE_VOXELS))) {
      throw differ("place", (grid) => `${words(patientPoint(grid, voxel))} mm at voxel ${words(voxel)}`);
    }
  }
}

/** The four corners that fix a grid's place and directions. */
function farVoxels({ x, y, z }: Xyz): readonly Xyz[] {
  return [
    { x: 0, y: 0, z: 0 },
    { x: x - 1, y: 0, z: 0 },
    { x: 0, y: y - 1, z: 0 },
    { x: 0, y: 0, z: z - 1 },
  ];
}

function words({ x, y, z }: Xyz): string {
  const short = (value: number): string => String(Number(value.toFixed(4)) + 0); // + 0: never "-0"
  return `(${short(x)}, ${short(y)}, ${short(z)})`;
}
