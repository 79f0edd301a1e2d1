import { findInScan, findInWorkingImage, lesionsIn, workingSpacing } from "@multirnet/inference";
import type { ClassProbability, LoadedModel } from "@multirnet/inference";
import { regionAround, voxelPoint, wholeBox, type Grid, type Volume } from "@multirnet/imaging";

import { requireCase } from "../dataset/case-volumes.js";
import { lesionChannels, type CaseEntry, type Dataset } from "../dataset/index.js";
import { channelTable } from "../dataset/preparation.js";
import { prepareCase } from "../dataset/prepare-case.js";
import { cutRegion } from "../sampling/index.js";

/** What of a case is measured: the whole scan, or one region around its largest lesion, as the paper trains on and probably measures on. */
export const MEASURED_REGIONS = ["whole", "roi"] as const;
export type MeasuredRegion = (typeof MEASURED_REGIONS)[number];

export interface LookOptions {
  readonly passes: number;
  readonly signal?: AbortSignal | undefined;
}

/** What a model says of a case, and the truth beside it, on one grid. */
export interface Looked {
  readonly lesions: Volume<"label">;
  readonly disease: readonly ClassProbability[] | undefined;
  /** Of the labels that the model outlines, all as one or each; none where nothing is known or the model outlines nothing. */
  readonly truth: Volume<"label"> | undefined;
}

export type Look = (model: LoadedModel, dataset: Dataset, entry: CaseEntry, options: LookOptions) => Promise<Looked>;

export const LOOKS: Readonly<Record<MeasuredRegion, Look>> = { whole: lookAtWhole, roi: lookAtRegion };

/** The whole scan on its own grid and spacing. */
async function lookAtWhole(
  { network, card }: LoadedModel,
  { labels }: Dataset,
  entry: CaseEntry,
  { passes, signal }: LookOptions,
): Promise<Looked> {
  const { scan, mask } = await requireCase(entry, labels);
  const { lesions, disease } = await findInScan(network, scan, card, { passes, signal });
  return { lesions, disease, truth: truth() };

  function truth(): Volume<"label"> | undefined {
    if (card.labels.length === 0 || entry.mask === "unknown") return undefined;
    if (mask === undefined) return { ...lesions, voxels: new Uint8Array(lesions.voxels.length) };
    const table = channelTable(labels, card.labels);
    return { ...mask, voxels: mask.voxels.map((value) => table[value] as number) };
  }
}

/**
 * One region of the network's size, on the working grid, centred on the largest lesion: its place is taken from the truth. Without a known lesion it is
 * centred on the body.
 */
async function lookAtRegion(
  { network, card }: LoadedModel,
  { labels }: Dataset,
  entry: CaseEntry,
  { passes, signal }: LookOptions,
): Promise<Looked> {
  const { preprocessing, inference, classes } = card;
  const settings = { spacing: workingSpacing(preprocessing), channels: lesionChannels(card.labels, labels) };
  const prepared = await prepareCase(entry, labels, settings);
  const { from: corner, size: box } = prepared.body;
  const centre = prepared.components[0]?.centre ?? {
    x: corner.x + box.x / 2,
    y: corner.y + box.y / 2,
    z: corner.z + box.z / 2,
  };
  const whole = { x: Math.round(centre.x), y: Math.round(centre.y), z: Math.round(centre.z) };
  const { image, mask, size } = cutRegion(prepared, whole, preprocessing.region);
  const { from } = regionAround(whole, size);
  const grid: Grid = { ...prepared.grid, size, originMm: voxelPoint(prepared.grid, from) };
  const found = await findInWorkingImage(
    network,
    { grid, voxels: image, body: wholeBox(grid) },
    { preprocessing, inference, classes },
    { passes, signal },
  );
  return {
    lesions: lesionsIn(found.types, grid, inference),
    disease: found.disease,
    truth: card.labels.length === 0 || mask === undefined ? undefined : { meaning: "label", grid, voxels: mask },
  };
}
