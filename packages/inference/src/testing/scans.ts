import { LPS_AXES, voxelCount, type Grid, type Volume, type Xyz } from "@multirnet/imaging";

import type { ScanSettings } from "../whole-scan.js";

/** A grid along the patient's axes. */
export function gridOf(size: Xyz, spacingMm: Xyz, originMm: Xyz = { x: -11, y: 23, z: -37 }): Grid {
  return { size, spacingMm, originMm, axes: LPS_AXES };
}

/** A scan whose voxels are a function of their place. */
export function scanOf(grid: Grid, hu: (x: number, y: number, z: number) => number): Volume<"hounsfield"> {
  const { x, y } = grid.size;
  const voxels = Float32Array.from({ length: voxelCount(grid) }, (_, i) =>
    hu(i % x, Math.floor(i / x) % y, Math.floor(i / (x * y))),
  );
  return { meaning: "hounsfield", grid, voxels };
}

/** Settings of a model that works at 1 mm with windows of 4×4×2 and sees -1000 to 0 HU as 0 to 1. */
export function settingsOf({
  preprocessing,
  inference,
  ...rest
}: {
  readonly preprocessing?: Partial<ScanSettings["preprocessing"]>;
  readonly inference?: Partial<ScanSettings["inference"]>;
  readonly labels?: string[];
  readonly classes?: string[];
} = {}): ScanSettings {
  return {
    preprocessing: {
      spacingMm: { x: 1, y: 1, z: 1 },
      windowHu: { low: -1000, high: 0 },
      region: { x: 4, y: 4, z: 2 },
      ...preprocessing,
    },
    inference: { overlap: 0.5, threshold: 0.5, minimumLesionMm3: 0, ...inference },
    labels: ["lesion"],
    classes: [],
    ...rest,
  };
}
