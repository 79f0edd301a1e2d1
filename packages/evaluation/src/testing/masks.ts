import { LPS_AXES, voxelCount, voxelIndex, type Grid, type Volume, type Xyz } from "@multirnet/imaging";

/** A grid at the origin with the patient's own axes. */
export function gridOf(size: Xyz, spacingMm: Xyz): Grid {
  return { size, spacingMm, originMm: { x: 0, y: 0, z: 0 }, axes: LPS_AXES };
}

/** A mask of the listed voxels. */
export function mask(grid: Grid, voxels: readonly Xyz[], label = 1): Volume<"label"> {
  const volume = { meaning: "label", grid, voxels: new Uint8Array(voxelCount(grid)) } as const;
  for (const voxel of voxels) volume.voxels[voxelIndex(grid, voxel)] = label;
  return volume;
}

/** A mask of the voxels for which `inside` holds. */
export function maskWhere(grid: Grid, inside: (voxel: Xyz) => boolean): Volume<"label"> {
  const voxels: Xyz[] = [];
  for (let z = 0; z < grid.size.z; z++) {
    for (let y = 0; y < grid.size.y; y++) {
      for (let x = 0; x < grid.size.x; x++) if (inside({ x, y, z })) voxels.push({ x, y, z });
    }
  }
  return mask(grid, voxels);
}

export interface Blob {
  readonly centre: readonly number[];
  readonly radius: readonly number[];
}

/** How a golden mask is drawn; the same whole-number arithmetic as in scripts/golden/segmentation-metrics.py. */
export interface Recipe {
  readonly blobs: readonly Blob[];
  readonly holes: readonly Blob[];
  readonly key: number;
  readonly perMille: number;
}

export function draw(grid: Grid, { blobs, holes, key, perMille }: Recipe): Volume<"label"> {
  return maskWhere(grid, (voxel) => {
    const body = blobs.some((blob) => isIn(blob, voxel)) && !holes.some((hole) => isIn(hole, voxel));
    const hash = (((voxel.x * 7349 + voxel.y * 9151 + voxel.z * 6271 + key * 5381) * 40503) % 65536) % 1000;
    return body !== hash < perMille;
  });
}

function isIn({ centre, radius }: Blob, { x, y, z }: Xyz): boolean {
  const [cx, cy, cz] = centre as [number, number, number];
  const [rx, ry, rz] = radius as [number, number, number];
  const square = (x - cx) ** 2 * (ry * rz) ** 2 + (y - cy) ** 2 * (rx * rz) ** 2 + (z - cz) ** 2 * (rx * ry) ** 2;
  return square <= (rx * ry * rz) ** 2;
}

export function xyz([x, y, z]: readonly number[]): Xyz {
  return { x: x as number, y: y as number, z: z as number };
}
