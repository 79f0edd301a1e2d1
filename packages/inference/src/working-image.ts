import {
  bodyBox,
  orientTo,
  resampleToSpacing,
  windowed,
  type Box,
  type Grid,
  type HuWindow,
  type Meaning,
  type Volume,
  type Xyz,
} from "@multirnet/imaging";

/** A scan as networks see it, in training and after. */
export interface WorkingImage {
  readonly grid: Grid; // the working grid: axes along LPS, one spacing for all scans
  readonly voxels: Float32Array; // [0, 1], x fastest
  readonly body: Box; // where the patient is: what is tiled
}

/** The paper's Algorithm 2: axes to LPS, one spacing (trilinear; nearest for labels). */
export function toWorkingGrid<M extends Meaning>(volume: Volume<M>, spacingMm: Xyz): Volume<M> {
  return resampleToSpacing(orientTo(volume, "LPS"), spacingMm);
}

/** Algorithm 2, then the CT window to [0, 1]. */
export function workingImage(
  scan: Volume<"hounsfield">,
  { spacingMm, windowHu }: { readonly spacingMm: Xyz; readonly windowHu: HuWindow },
): WorkingImage {
  const working = toWorkingGrid(scan, spacingMm);
  return { grid: working.grid, voxels: windowed(working, windowHu), body: bodyBox(working) };
}
