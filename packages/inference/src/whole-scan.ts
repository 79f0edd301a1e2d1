import type { ModelCard } from "@multirnet/artifacts";
import {
  bodyBox,
  orientLike,
  orientTo,
  removeSmallComponents,
  resample,
  resampleToSpacing,
  voxelCount,
  windowed,
  type Grid,
  type HuWindow,
  type Volume,
  type Xyz,
} from "@multirnet/imaging";
import type { Network } from "@multirnet/networks";

import { slideOver, type ScanPrediction, type SlidingOptions } from "./sliding-window.js";

/** How a scan is made ready for a network, and what is made of its answer; a model's card holds both. */
export type ScanSettings = Pick<ModelCard, "preprocessing" | "inference" | "labels" | "classes">;

/** What was found in a scan, on the scan's own grid. */
export interface ScanFinding {
  readonly lesions: Volume<"label">; // value i + 1 is the model's label i; all 0 where the model outlines nothing
  readonly probability: Volume<"probability"> | undefined; // of any lesion
  readonly disease: readonly { readonly name: string; readonly probability: number }[] | undefined;
  readonly windows: number;
}

/**
 * The whole pipeline on one scan: orient, resample, window, slide over the body's box, bring the probabilities back to the scan's own grid,
 * threshold, and drop components that are too small.
 *
 * @throws InferenceError INFERENCE_ABORTED, INFERENCE_NOT_FINITE
 */
export async function findInScan(
  network: Network,
  scan: Volume<"hounsfield">,
  settings: ScanSettings,
  options: Pick<SlidingOptions, "passes" | "signal" | "onWindow"> = {},
): Promise<ScanFinding> {
  const { inference, labels, classes } = settings;
  const { grid, types, seen } = await lookOver(network, scan, settings, options);
  const lesions = removeSmallComponents(outline(types, grid, inference.threshold), inference.minimumLesionMm3, 26);
  return {
    lesions: orientLike(lesions, scan.grid),
    probability: labels.length === 0 ? undefined : orientLike(unionOf(types, grid), scan.grid),
    disease: seen.disease?.map((probability, index) => ({ name: classes[index] ?? String(index), probability })),
    windows: seen.windows,
  };
}

/**
 * What the network says, with the lesion probabilities on the scan's own grid, but turned to LPS. The turned and the working scan are needed
 * in here only: each is as large as the scan, or nearly, and goes when this returns.
 */
async function lookOver(
  network: Network,
  scan: Volume<"hounsfield">,
  { preprocessing, inference }: ScanSettings,
  options: Pick<SlidingOptions, "passes" | "signal" | "onWindow">,
): Promise<{
  readonly grid: Grid;
  readonly types: readonly Volume<"probability">[];
  readonly seen: Pick<ScanPrediction, "disease" | "windows">;
}> {
  const oriented = orientTo(scan, "LPS");
  const working = workingScan(oriented, preprocessing.spacingMm);
  const { lesion, disease, windows } = await slideOver(network, workingImage(working, preprocessing.windowHu), {
    ...options,
    region: preprocessing.region,
    overlap: inference.overlap,
    box: bodyBox(working),
  });
  const types = lesion.map((voxels) => resample({ meaning: "probability", grid: working.grid, voxels }, oriented.grid));
  return { grid: oriented.grid, types, seen: { disease, windows } };
}

/** A scan on the working grid: LPS, resampled by Algorithm 2. */
export function workingScan(scan: Volume<"hounsfield">, spacingMm: Xyz): Volume<"hounsfield"> {
  return resampleToSpacing(orientTo(scan, "LPS"), spacingMm);
}

function workingImage(
  scan: Volume<"hounsfield">,
  window: HuWindow,
): { readonly size: Xyz; readonly voxels: Float32Array } {
  return { size: scan.grid.size, voxels: windowed(scan, window) };
}

/**
 * Label i + 1 where the union of all types reaches the threshold and type i is the most probable one there; with one type that is its own threshold.
 */
export function outline(types: readonly Volume<"probability">[], grid: Grid, threshold: number): Volume<"label"> {
  const voxels = new Uint8Array(voxelCount(grid));
  const union = unionOf(types, grid).voxels;
  for (let i = 0; i < voxels.length; i++) {
    if ((union[i] as number) < threshold) continue;
    let best = 0;
    for (let type = 1; type < types.length; type++) {
      if ((types[type]?.voxels[i] ?? 0) > (types[best]?.voxels[i] ?? 0)) best = type;
    }
    voxels[i] = types.length === 0 ? 0 : best + 1;
  }
  return { meaning: "label", grid, voxels };
}

/** 1 − Π (1 − p) over the lesion types. */
function unionOf(types: readonly Volume<"probability">[], grid: Grid): Volume<"probability"> {
  const [first, ...others] = types;
  if (first === undefined) return { meaning: "probability", grid, voxels: new Float32Array(voxelCount(grid)) };
  if (others.length === 0) return first;
  const voxels = first.voxels.map(
    (p, i) => 1 - others.reduce((none, { voxels: q }) => none * (1 - (q[i] ?? 0)), 1 - p),
  );
  return { meaning: "probability", grid, voxels };
}
