import { RandomSource } from "@multirnet/base";
import { toWorkingGrid, workingImage, type WorkingSpacing } from "@multirnet/inference";
import { connectedComponents, CT_WINDOW_HU, type Box, type Grid, type Volume } from "@multirnet/imaging";

import { labelValues, type Dataset } from "./dataset.js";
import { DatasetError } from "./dataset-error.js";
import { FULL_SCALE, type PreparedCase } from "./prepared-case.js";

/** Raise it when the same files and settings give other voxels, so that no cache from before is read. */
export const PREPARATION_VERSION = 3;

/** Enough places for a background region to fall anywhere: one for every 6 mm cube of a large chest. */
const MOST_PLACES = 16_384;

/** Enough places in a piece of lesion to see every side of it. */
const MOST_LESION_PLACES = 64;

export interface PreparationSettings {
  /** Of the working grid; `spec` default 1.5 × 1.5 × 2 mm. */
  readonly spacing: WorkingSpacing;
  /** Lesion types that are told apart, by label name; `lesion` is the union of its types. */
  readonly channels: readonly string[];
}

/** What the files of a case hold, all on one grid. */
export interface CaseVolumes {
  readonly scan: Volume<"hounsfield">;
  readonly mask?: Volume<"label">;
  readonly lung?: Volume<"label">;
}

/** A prepared case but for what the dataset's table says of it, which is not part of the cache. */
export type PreparedVolumes = Omit<PreparedCase, "entry" | "channels">;

/**
 * Brings a case to the working grid, the scan as inference does; and finds what sampling needs: lesion components (26 neighbours, all types
 * together) and places in lung or body.
 *
 * @param channelOfValue which channel each of the 256 mask values belongs to, from 1; 0 for none
 */
export function prepareVolumes(
  { scan, mask, lung }: CaseVolumes,
  spacing: WorkingSpacing,
  channelOfValue: Uint8Array,
): PreparedVolumes {
  const { grid, voxels, body } = workingImage(scan, spacing, CT_WINDOW_HU);
  const channels = mask === undefined ? undefined : toWorkingGrid(mask, spacing).voxels;
  const lesion = channels?.map((value) => channelOfValue[value] as number);
  return {
    grid,
    sourceGrid: scan.grid,
    body,
    image: Uint16Array.from(voxels, (value) => Math.round(value * FULL_SCALE)),
    ...(lesion === undefined ? {} : { mask: lesion }),
    components: lesion === undefined ? [] : lesionComponents({ meaning: "label", grid, voxels: lesion }),
    ...findPlaces(grid, body, lung === undefined ? undefined : toWorkingGrid(lung, spacing)),
  };
}

/**
 * @returns for each mask value, the channel it belongs to, from 1; 0 for the background and labels not asked for
 * @throws DatasetError DATASET_LABEL_UNKNOWN, DATASET_LABEL_TWICE, DATASET_LABEL_UNTYPED
 */
export function channelTable(labels: Dataset["labels"], channels: readonly string[]): Uint8Array {
  const table = new Uint8Array(256);
  for (const [index, label] of channels.entries()) {
    for (const value of labelValues(labels, label)) {
      const taken = table[value] as number;
      if (taken !== 0) {
        throw new DatasetError({ code: "DATASET_LABEL_TWICE", label, other: channels[taken - 1] ?? "", value });
      }
      table[value] = index + 1;
    }
  }
  const untyped = "lesion" in labels && table[labels["lesion"]] === 0;
  if (untyped && channels.length > 0)
    throw new DatasetError({ code: "DATASET_LABEL_UNTYPED", label: "lesion", types: channels });
  return table;
}

function lesionComponents(mask: Volume<"label">): PreparedVolumes["components"] {
  const { components, labels } = connectedComponents(mask, 26);
  const wanted = components.map(({ voxels }) => spreadRanks(voxels, MOST_LESION_PLACES));
  const places = components.map((): number[] => []);
  const ranks = new Uint32Array(components.length);
  for (const [at, label] of labels.entries()) {
    if (label === 0) continue;
    const rank = ranks[label - 1] as number;
    const found = places[label - 1] as number[];
    if (wanted[label - 1]?.[found.length] === rank) found.push(at);
    ranks[label - 1] = rank + 1;
  }
  return components
    .map(({ centre, voxels, label }) => ({ centre, voxels, places: places[label - 1] as number[] }))
    .sort((a, b) => b.voxels - a.voxels);
}

/** Places in the lung where a mask of it is given and holds a voxel, else in the body's box. */
function findPlaces(
  grid: Grid,
  body: Box,
  lung: Volume<"label"> | undefined,
): Pick<PreparedVolumes, "places" | "placesAre"> {
  let lungVoxels = 0;
  for (const value of lung?.voxels ?? []) if (value !== 0) lungVoxels++;
  if (lung === undefined || lungVoxels === 0) return { places: placesInBox(grid, body), placesAre: "body" };
  const places = spreadRanks(lungVoxels, MOST_PLACES);
  for (let i = 0, rank = 0, next = 0; i < lung.voxels.length; i++) {
    if (lung.voxels[i] === 0) continue;
    if (rank++ === places[next]) places[next++] = i;
  }
  return { places, placesAre: "lung" };
}

function placesInBox({ size }: Grid, box: Box): Uint32Array {
  return spreadRanks(box.size.x * box.size.y * box.size.z, MOST_PLACES).map((rank) => {
    const x = rank % box.size.x;
    const row = Math.floor(rank / box.size.x);
    const y = row % box.size.y;
    const z = Math.floor(row / box.size.y);
    return box.from.x + x + size.x * (box.from.y + y + size.y * (box.from.z + z));
  });
}

/** All of 0…count-1 where they are few, else one at random from each of equal stretches, so that they lie evenly. */
function spreadRanks(count: number, most: number): Uint32Array {
  if (count <= most) return Uint32Array.from({ length: count }, (_, rank) => rank);
  const random = new RandomSource("places");
  const start = (i: number): number => Math.floor((i * count) / most);
  return Uint32Array.from({ length: most }, (_, i) => start(i) + random.integer(start(i + 1) - start(i)));
}
