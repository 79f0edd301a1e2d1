export { bodyBox } from "./body.js";
export { boundingBox, crop, movedInside, regionAround, wholeBox, type Box } from "./box.js";
export {
  connectedComponents,
  removeSmallComponents,
  type Component,
  type Components,
  type Connectivity,
} from "./components.js";
export { ImagingError, type ImagingProblem, type NamedGrid } from "./errors.js";
export { gridAtSpacing, MAXIMUM_VOXELS, patientPoint, requireSameGrid, sameGrid, voxelPoint } from "./grid.js";
export { decodeNifti, type DecodedNifti } from "./nifti/decode.js";
export { encodeNifti, niftiParts, type NiftiOptions } from "./nifti/encode.js";
export type { NiftiFormat } from "./nifti/layout.js";
export { orderTo, orientation, orientLike, orientTo, reorderedGrid } from "./orientation.js";
export * from "./phantom/index.js";
export { resample, resampleBack, resampleToSpacing } from "./resampling.js";
export { huStatistics, largestLabel, volumeMl, type HuStatistics } from "./statistics.js";
export { gaussianSmoothed } from "./smoothing.js";
export * from "./volume.js";
export { CT_WINDOW_HU, windowed, type HuWindow } from "./window.js";
export { xyz, type Axis } from "./xyz.js";
