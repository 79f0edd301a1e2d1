import { voxelCount, type Grid, type Volume, type Xyz } from "@multirnet/imaging";

import { EvaluationError } from "../errors.js";

/**
 * Two masks cut to the bounding box of their union, with a margin of one background voxel on every side: what lies outside a
 * scan counts as background, and no metric has to look at a border. Sizes are all 0 where both masks are empty.
 */
export interface MaskPair {
  readonly size: Xyz; // voxels of the box with its margin
  readonly spacingMm: Xyz;
  readonly truth: Uint8Array; // 0 or 1, x fastest
  readonly prediction: Uint8Array;
  readonly truthVoxels: number;
  readonly predictionVoxels: number;
  readonly sharedVoxels: number;
}

/**
 * Every value above 0 is part of a mask.
 *
 * @throws EvaluationError EVALUATION_GRIDS_DIFFER, EVALUATION_VOXELS_MISSING, EVALUATION_SPACING_INVALID
 */
export function maskPair(truth: Volume<"label">, prediction: Volume<"label">): MaskPair {
  requireVoxels("truth", truth);
  requireVoxels("prediction", prediction);
  requireSameGrid(truth.grid, prediction.grid);
  const { size, spacingMm } = truth.grid;
  const box = unionBox(size, truth.voxels, prediction.voxels);
  const truthBox = cut(size, truth.voxels, box);
  const predictionBox = cut(size, prediction.voxels, box);
  let truthVoxels = 0;
  let predictionVoxels = 0;
  let sharedVoxels = 0;
  for (let i = 0; i < truthBox.length; i++) {
    const inTruth = truthBox[i] as number;
    const inPrediction = predictionBox[i] as number;
    truthVoxels += inTruth;
    predictionVoxels += inPrediction;
    sharedVoxels += inTruth & inPrediction;
  }
  return {
    size: paddedSize(box),
    spacingMm,
    truth: truthBox,
    prediction: predictionBox,
    truthVoxels,
    predictionVoxels,
    sharedVoxels,
  };
}

/** Voxel centres may lie this share of the smallest spacing apart: headers keep places in 32-bit numbers and quaternions. */
const PLACE_TOLERANCE = 0.05;

function requireVoxels(mask: string, { grid, voxels }: Volume<"label">): void {
  for (const axis of ["x", "y", "z"] as const) {
    const spacingMm = grid.spacingMm[axis];
    if (!(spacingMm > 0 && spacingMm < Infinity)) {
      throw new EvaluationError({ code: "EVALUATION_SPACING_INVALID", axis, spacingMm });
    }
  }
  const expected = voxelCount(grid);
  if (voxels.length !== expected) {
    throw new EvaluationError({ code: "EVALUATION_VOXELS_MISSING", mask, expected, found: voxels.length });
  }
}

function requireSameGrid(truth: Grid, prediction: Grid): void {
  const differ = (property: "size" | "spacing" | "place", of: (grid: Grid) => string): EvaluationError =>
    new EvaluationError({
      code: "EVALUATION_GRIDS_DIFFER",
      property,
      truth: of(truth),
      prediction: of(prediction),
    });
  const axes = ["x", "y", "z"] as const;
  if (axes.some((axis) => truth.size[axis] !== prediction.size[axis])) {
    throw differ("size", ({ size }) => `${size.x} x ${size.y} x ${size.z}`);
  }
  const toleranceMm = PLACE_TOLERANCE * Math.min(...axes.map((axis) => truth.spacingMm[axis]));
  const spacingOff = (axis: "x" | "y" | "z"): boolean =>
    Math.abs(truth.spacingMm[axis] - prediction.spacingMm[axis]) * truth.size[axis] > toleranceMm;
  if (axes.some(spacingOff)) {
    throw differ("spacing", ({ spacingMm }) => `${words(spacingMm)} mm`);
  }
  for (const corner of CORNERS) {
    const here = place(truth, corner);
    const there = place(prediction, corner);
    if (Math.hypot(here.x - there.x, here.y - there.y, here.z - there.z) > toleranceMm) {
      const { x, y, z } = voxelAt(truth, corner);
      throw differ("place", (grid) => `${words(place(grid, corner))} mm at voxel (${x}, ${y}, ${z})`);
    }
  }
}

/** The four corners that fix a grid's place, directions and extent. */
const CORNERS: readonly Xyz[] = [
  { x: 0, y: 0, z: 0 },
  { x: 1, y: 0, z: 0 },
  { x: 0, y: 1, z: 0 },
  { x: 0, y: 0, z: 1 },
];

function voxelAt({ size }: Grid, corner: Xyz): Xyz {
  return { x: corner.x * (size.x - 1), y: corner.y * (size.y - 1), z: corner.z * (size.z - 1) };
}

function place(grid: Grid, corner: Xyz): Xyz {
  const { spacingMm, originMm, axes } = grid;
  const voxel = voxelAt(grid, corner);
  const along = (component: "x" | "y" | "z"): number =>
    originMm[component] +
    voxel.x * spacingMm.x * axes.x[component] +
    voxel.y * spacingMm.y * axes.y[component] +
    voxel.z * spacingMm.z * axes.z[component];
  return { x: along("x"), y: along("y"), z: along("z") };
}

function words({ x, y, z }: Xyz): string {
  const short = (value: number): string => String(Number(value.toFixed(4)) + 0); // + 0: never "-0"
  return `(${short(x)}, ${short(y)}, ${short(z)})`;
}

interface Box {
  readonly low: Xyz;
  readonly high: Xyz; // one past the last
}

function unionBox(size: Xyz, a: Uint8Array, b: Uint8Array): Box {
  let [lowX, lowY, lowZ] = [size.x, size.y, size.z];
  let [highX, highY, highZ] = [0, 0, 0];
  for (let z = 0, row = 0; z < size.z; z++) {
    for (let y = 0; y < size.y; y++, row += size.x) {
      let first = 0;
      while (first < size.x && (a[row + first] as number) === 0 && (b[row + first] as number) === 0) first++;
      if (first === size.x) continue;
      let past = size.x;
      while ((a[row + past - 1] as number) === 0 && (b[row + past - 1] as number) === 0) past--;
      if (first < lowX) lowX = first;
      if (past > highX) highX = past;
      if (y < lowY) lowY = y;
      if (y >= highY) highY = y + 1;
      if (z < lowZ) lowZ = z;
      highZ = z + 1;
    }
  }
  return { low: { x: lowX, y: lowY, z: lowZ }, high: { x: highX, y: highY, z: highZ } };
}

function paddedSize({ low, high }: Box): Xyz {
  if (high.x === 0) return { x: 0, y: 0, z: 0 };
  return { x: high.x - low.x + 2, y: high.y - low.y + 2, z: high.z - low.z + 2 };
}

function cut(size: Xyz, voxels: Uint8Array, box: Box): Uint8Array {
  const { x: nx, y: ny, z: nz } = paddedSize(box);
  const { low, high } = box;
  const out = new Uint8Array(nx * ny * nz);
  for (let z = low.z; z < high.z; z++) {
    for (let y = low.y; y < high.y; y++) {
      const from = size.x * (y + size.y * z);
      const to = 1 - low.x + nx * (y - low.y + 1 + ny * (z - low.z + 1));
      for (let x = low.x; x < high.x; x++) out[to + x] = (voxels[from + x] as number) > 0 ? 1 : 0;
    }
  }
  return out;
}
