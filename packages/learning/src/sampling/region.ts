import type { RandomSource } from "@multirnet/base";
import { movedInside, regionAround, type Xyz } from "@multirnet/imaging";

import { FULL_SCALE, type PreparedScan } from "../dataset/prepared-case.js";

/** Training wanders up to this share of the region from the centre of a lesion, along each axis. */
const JITTER = 1 / 4;

export interface RegionSettings {
  /** Voxels of the region; may be larger than the scan. */
  readonly region: Xyz;
  /** What of a lesion a region is centred on: the middle of the piece, as the paper; or any voxel of it, so that large ones are seen up to their edges. */
  readonly aim: "centre" | "voxel";
  /** Probability that the region is centred anywhere in lung or body instead of at a lesion; 0 in the paper's protocol. */
  readonly backgroundShare: number;
  /** Moves regions into the body's box, as windows lie at inference; what is larger than the box is centred on it. Not in the paper. */
  readonly insideBody: boolean;
}

/** Where a region lies, and what it was aimed at: a component (its index) or any place in lung or body. */
export interface RegionPlace {
  /** A voxel of the prepared grid, or one beside it. */
  readonly centre: Xyz;
  readonly aim: { readonly kind: "component"; readonly index: number } | { readonly kind: "place" };
}

/** A piece of a scan, x fastest: as a tensor, D×H×W is z, y, x. */
export interface Region {
  readonly size: Xyz;
  /** [0, 1]; 0 (air) outside the scan. */
  readonly image: Float32Array;
  /** As `PreparedScan.mask`; 0 outside the scan. */
  readonly mask?: Uint8Array;
}

/**
 * Draws where to cut: a lesion component with probability proportional to the cube root of its voxels (a diameter, so that one
 * large lesion does not hide ten small ones), its centre moved by up to a quarter of the region along each axis, or any of its voxels; for a share of the
 * regions, and in cases without a known lesion, any place in the lung, or in the body where no lung mask is known.
 */
export function drawRegion(
  scan: Pick<PreparedScan, "grid" | "components" | "places" | "body">,
  { region, aim: at, backgroundShare, insideBody }: RegionSettings,
  random: RandomSource,
): RegionPlace {
  const { centre, aim } = drawAim(scan, { region, aim: at, backgroundShare }, random);
  if (!insideBody) return { centre, aim };
  const { from } = movedInside(regionAround(centre, region), scan.body);
  const middle = {
    x: from.x + Math.floor(region.x / 2),
    y: from.y + Math.floor(region.y / 2),
    z: from.z + Math.floor(region.z / 2),
  };
  return { centre: middle, aim };
}

function drawAim(
  scan: Pick<PreparedScan, "grid" | "components" | "places">,
  { region, aim, backgroundShare }: Omit<RegionSettings, "insideBody">,
  random: RandomSource,
): RegionPlace {
  const { components, places } = scan;
  const elsewhere = random.chance(backgroundShare);
  if (components.length > 0 && !elsewhere) {
    const index = random.weighted(components.map(({ voxels }) => Math.cbrt(voxels)));
    const { centre, places: voxels } = components[index] as (typeof components)[number];
    if (aim === "voxel") {
      const voxel = voxels[random.integer(voxels.length)] ?? 0;
      return { centre: voxelAt(voxel, scan.grid.size), aim: { kind: "component", index } };
    }
    const jittered = (place: number, length: number): number =>
      Math.round(place + random.between(-JITTER * length, JITTER * length));
    return {
      centre: { x: jittered(centre.x, region.x), y: jittered(centre.y, region.y), z: jittered(centre.z, region.z) },
      aim: { kind: "component", index },
    };
  }
  const place = places[random.integer(places.length)] ?? 0;
  return { centre: voxelAt(place, scan.grid.size), aim: { kind: "place" } };
}

function voxelAt(index: number, size: Xyz): Xyz {
  const row = Math.floor(index / size.x);
  return { x: index % size.x, y: row % size.y, z: Math.floor(row / size.y) };
}

/** Cuts the region around a voxel, as `regionAround` places it. What lies outside the scan is air and no lesion. */
export function cutRegion(scan: Pick<PreparedScan, "grid" | "image" | "mask">, centre: Xyz, size: Xyz): Region {
  const image = new Float32Array(size.x * size.y * size.z);
  const mask = scan.mask === undefined ? undefined : new Uint8Array(image.length);
  const full = scan.grid.size;
  const { from } = regionAround(centre, size);
  const [startX, endX] = inside(from.x, size.x, full.x);
  const [startY, endY] = inside(from.y, size.y, full.y);
  const [startZ, endZ] = inside(from.z, size.z, full.z);
  if (startX >= endX) return mask === undefined ? { size, image } : { size, image, mask };
  for (let z = startZ; z < endZ; z++) {
    for (let y = startY; y < endY; y++) {
      const source = from.x + full.x * (from.y + y + full.y * (from.z + z));
      const target = size.x * (y + size.y * z);
      for (let x = startX; x < endX; x++) image[target + x] = (scan.image[source + x] as number) / FULL_SCALE;
      if (scan.mask !== undefined) mask?.set(scan.mask.subarray(source + startX, source + endX), target + startX);
    }
  }
  return mask === undefined ? { size, image } : { size, image, mask };
}

/** The part of 0…length-1 for which `from + i` is in 0…limit-1, as [start, end). */
function inside(from: number, length: number, limit: number): readonly [start: number, end: number] {
  return [Math.max(0, -from), Math.min(length, limit - from)];
}
