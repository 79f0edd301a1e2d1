import type { ModelCard } from "@multirnet/artifacts";
import { removeSmallComponents, resampleBack, voxelCount, type Grid, type Volume } from "@multirnet/imaging";
import type { Network } from "@multirnet/networks";

import { slideOver, type SlidingOptions } from "./sliding-window.js";
import { workingImage, workingSpacing, type WorkingImage } from "./working-image.js";

/** How a scan is made ready for a network, and what is made of its answer; a model's card holds both. */
export type ScanSettings = Pick<ModelCard, "preprocessing" | "inference" | "labels" | "classes">;

export type FindOptions = Pick<SlidingOptions, "passes" | "signal" | "onWindow">;

/** What was found in a scan, on the scan's own grid. */
export interface ScanFinding {
  readonly lesions: Volume<"label">; // value i + 1 is the model's label i; all 0 where the model outlines nothing
  readonly probability: Volume<"probability"> | undefined; // of any lesion
  readonly disease: readonly ClassProbability[] | undefined;
  readonly windows: number;
}

export interface ClassProbability {
  readonly name: string;
  readonly probability: number;
}

/** What of `ScanSettings` still matters once a scan stands on the working grid. */
export interface WorkingSettings {
  readonly preprocessing: Pick<ScanSettings["preprocessing"], "region">;
  readonly inference: ScanSettings["inference"];
  readonly classes: readonly string[];
}

/** What a network says of a scan, on the working grid. */
export interface WorkingFinding {
  readonly types: readonly Volume<"probability">[]; // one a lesion type; none for a diagnosis network
  readonly disease: readonly ClassProbability[] | undefined;
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
  options: FindOptions = {},
): Promise<ScanFinding> {
  const { grid } = scan;
  const image = workingImage(scan, workingSpacing(settings.preprocessing), settings.preprocessing.windowHu);
  const found = await findInWorkingImage(network, image, settings, options);
  const types = found.types.map((type) => resampleBack(type, grid));
  return {
    lesions: lesionsIn(types, grid, settings.inference),
    probability: settings.labels.length === 0 ? undefined : unionOf(types, grid),
    disease: found.disease,
    windows: found.windows,
  };
}

/**
 * Slides a network over the body in an image that is ready for it.
 *
 * @throws InferenceError INFERENCE_ABORTED, INFERENCE_NOT_FINITE
 */
export async function findInWorkingImage(
  network: Network,
  { grid, voxels, body }: WorkingImage,
  { preprocessing, inference, classes }: WorkingSettings,
  options: FindOptions = {},
): Promise<WorkingFinding> {
  const { lesion, disease, windows } = await slideOver(
    network,
    { size: grid.size, voxels },
    { ...options, region: preprocessing.region, overlap: inference.overlap, box: body },
  );
  return {
    types: lesion.map((probabilities) => ({ meaning: "probability", grid, voxels: probabilities })),
    disease: disease?.map((probability, index) => ({ name: classes[index] ?? String(index), probability })),
    windows,
  };
}

/** The likeliest class; the first of equals. */
export function likeliest(disease: readonly ClassProbability[]): ClassProbability | undefined {
  return disease.reduce<ClassProbability | undefined>(
    (best, one) => (best !== undefined && best.probability >= one.probability ? best : one),
    undefined,
  );
}

/** The lesion mask of probabilities: thresholded, and without the 26-connected components that are too small. */
export function lesionsIn(
  types: readonly Volume<"probability">[],
  grid: Grid,
  { threshold, minimumLesionMm3 }: Pick<ScanSettings["inference"], "threshold" | "minimumLesionMm3">,
): Volume<"label"> {
  return removeSmallComponents(outline(types, grid, threshold), minimumLesionMm3, 26);
}

/**
 * Label i + 1 where the union of all types reaches the threshold and type i is the most probable one there; with one type that is its own threshold.
 */
export function outline(types: readonly Volume<"probability">[], grid: Grid, threshold: number): Volume<"label"> {
  const voxels = new Uint8Array(voxelCount(grid));
  const union = unionOf(types, grid).voxels;
  if (types.length === 1) {
    for (let i = 0; i < voxels.length; i++) voxels[i] = (union[i] as number) >= threshold ? 1 : 0;
    return { meaning: "label", grid, voxels };
  }
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
