import { connectedComponents, patientPoint, voxelMl, type Box, type Volume, type Xyz } from "@multirnet/imaging";

/** One connected lesion of a scan. */
export interface Lesion {
  readonly ml: number;
  readonly voxels: number;
  readonly centreMm: Xyz; // LPS
  readonly box: Box; // voxels of the scan's grid
}

/** @returns the lesions of a mask, any type, 26-connected, the largest first */
export function lesionsOf(mask: Volume<"label">): Lesion[] {
  const ml = voxelMl(mask.grid);
  return connectedComponents(mask, 26)
    .components.map(({ voxels, centre, box }) => ({
      ml: voxels * ml,
      voxels,
      centreMm: patientPoint(mask.grid, centre),
      box,
    }))
    .sort((a, b) => b.voxels - a.voxels);
}
