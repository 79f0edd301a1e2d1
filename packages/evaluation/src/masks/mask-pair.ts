import { boundingBox, crop, patientPoint, type Box, type Grid, type Volume } from "@multirnet/imaging";

import { requireComparable } from "./comparable.js";

/**
 * Two masks cut to the bounding box of their union, with a margin of one background voxel on every side: what lies outside a
 * scan counts as background, and no metric has to look at a border. Sizes are all 0 where both masks are empty.
 */
export interface MaskPair {
  readonly grid: Grid; // of the box with its margin
  readonly truth: Uint8Array; // 0 or 1, x fastest
  readonly prediction: Uint8Array;
  readonly truthVoxels: number;
  readonly predictionVoxels: number;
  readonly sharedVoxels: number;
}

/**
 * Every value above 0 is part of a mask.
 *
 * @throws EvaluationError EVALUATION_VOXELS_MISSING, EVALUATION_SPACING_INVALID
 */
export function maskPair(truth: Volume<"label">, prediction: Volume<"label">): MaskPair {
  requireComparable(truth, prediction);
  const box = unionBox(boundingBox(truth), boundingBox(prediction));
  const truthBox = cutMask(truth, box);
  const predictionBox = cutMask(prediction, box);
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
    grid: { ...truth.grid, size: box.size, originMm: patientPoint(truth.grid, box.from) },
    truth: truthBox,
    prediction: predictionBox,
    truthVoxels,
    predictionVoxels,
    sharedVoxels,
  };
}

const EMPTY: Box = { from: { x: 0, y: 0, z: 0 }, size: { x: 0, y: 0, z: 0 } };
const AXES = ["x", "y", "z"] as const;

/** The smallest box around two others, with the margin. */
function unionBox(a: Box | undefined, b: Box | undefined): Box {
  const [one, other] = [a ?? b, b ?? a];
  if (one === undefined || other === undefined) return EMPTY;
  const from = { ...one.from };
  const size = { ...one.size };
  for (const axis of AXES) {
    from[axis] = Math.min(one.from[axis], other.from[axis]) - 1;
    size[axis] = Math.max(one.from[axis] + one.size[axis], other.from[axis] + other.size[axis]) + 1 - from[axis];
  }
  return { from, size };
}

/** What of the box lies outside the volume becomes background. */
function cutMask(mask: Volume<"label">, box: Box): Uint8Array {
  if (box === EMPTY) return new Uint8Array(0);
  const { voxels } = crop(mask, box);
  for (let i = 0; i < voxels.length; i++) voxels[i] = (voxels[i] as number) > 0 ? 1 : 0;
  return voxels;
}
