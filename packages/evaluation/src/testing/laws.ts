import type { Volume, Xyz } from "@multirnet/imaging";

import { gridOf, maskWhere } from "./masks.js";

/** The same mask with its axes renamed: what was x becomes y, y becomes z and z becomes x. */
export function rotated(volume: Volume<"label">): Volume<"label"> {
  const rename = ({ x, y, z }: Xyz): Xyz => ({ x: z, y: x, z: y });
  const { size, spacingMm } = volume.grid;
  const at = ({ x, y, z }: Xyz): number => y + size.x * (z + size.y * x);
  return maskWhere(gridOf(rename(size), rename(spacingMm)), (voxel) => volume.voxels[at(voxel)] !== 0);
}

/** The same mask seen in a mirror along x. */
export function mirrored({ grid, voxels }: Volume<"label">): Volume<"label"> {
  const { size } = grid;
  return maskWhere(grid, ({ x, y, z }) => voxels[size.x - 1 - x + size.x * (y + size.y * z)] !== 0);
}

/** The same mask in a volume that is larger by the given margins before and after. */
export function enlarged({ grid, voxels }: Volume<"label">, before: Xyz, after: Xyz): Volume<"label"> {
  const { size, spacingMm } = grid;
  const grown = { x: size.x + before.x + after.x, y: size.y + before.y + after.y, z: size.z + before.z + after.z };
  return maskWhere(gridOf(grown, spacingMm), (voxel) => {
    const [x, y, z] = [voxel.x - before.x, voxel.y - before.y, voxel.z - before.z];
    const within = x >= 0 && y >= 0 && z >= 0 && x < size.x && y < size.y && z < size.z;
    return within && voxels[x + size.x * (y + size.y * z)] !== 0;
  });
}
