import { orientTo, type Meaning, type Volume, type VoxelArrays, type Xyz } from "@multirnet/imaging";

/** A volume whose axes run to the patient's left, back and head; only `upright` makes one. */
export type Upright<M extends Meaning = Meaning> = Volume<M> & { readonly upright: true };

/** Turns axes so that x runs to the patient's left, y to the back and z to the head; an oblique scan goes by its nearest axes. */
export function upright<M extends Meaning>(volume: Volume<M>): Upright<M> {
  return { ...orientTo(volume, "LPS"), upright: true };
}

/** @returns the largest angle between an axis of the volume and the patient's; 0 unless the scan is oblique */
export function tiltDegrees({ grid: { axes } }: Upright): number {
  return (Math.acos(Math.min(1, axes.x.x, axes.y.y, axes.z.z)) * 180) / Math.PI;
}

export const PLANE_NAMES = ["axial", "coronal", "sagittal"] as const;
export type PlaneName = (typeof PLANE_NAMES)[number];

/** How a plane is hung: the patient's right on the viewer's left; front or head on top; in sagittal the front on the left. */
interface Plane {
  readonly through: keyof Xyz; // the axis that slices follow
  readonly across: keyof Xyz; // from the viewer's left to right
  readonly down: keyof Xyz; // down the picture, or up it
  readonly upwards: boolean;
  readonly letters: { readonly left: string; readonly right: string; readonly top: string; readonly bottom: string };
  readonly from: string; // where slice 1 lies
}

export const PLANES: Readonly<Record<PlaneName, Plane>> = {
  axial: {
    through: "z",
    across: "x",
    down: "y",
    upwards: false,
    letters: { left: "R", right: "L", top: "A", bottom: "P" },
    from: "the feet",
  },
  coronal: {
    through: "y",
    across: "x",
    down: "z",
    upwards: true,
    letters: { left: "R", right: "L", top: "H", bottom: "F" },
    from: "the front",
  },
  sagittal: {
    through: "x",
    across: "y",
    down: "z",
    upwards: true,
    letters: { left: "A", right: "P", top: "H", bottom: "F" },
    from: "the right",
  },
};

/** A slice as it is shown: rows from the top, in each from the viewer's left. */
export interface Slice<M extends Meaning = Meaning> {
  readonly width: number; // pixels
  readonly height: number;
  readonly pixelMm: { readonly across: number; readonly down: number };
  readonly values: VoxelArrays[M];
}

/** @param index along the plane's `through` axis: 0 is the rightmost, foremost or lowest slice */
export function sliceOf<M extends Meaning>({ grid, voxels }: Upright<M>, name: PlaneName, index: number): Slice<M> {
  const { through, across, down, upwards } = PLANES[name];
  const strides: Xyz = { x: 1, y: grid.size.x, z: grid.size.x * grid.size.y };
  const width = grid.size[across];
  const height = grid.size[down];
  const values = voxels.slice(0, width * height) as VoxelArrays[M];
  for (let row = 0, to = 0; row < height; row++) {
    let from = index * strides[through] + (upwards ? height - 1 - row : row) * strides[down];
    for (let column = 0; column < width; column++, from += strides[across]) values[to++] = voxels[from] as number;
  }
  return { width, height, pixelMm: { across: grid.spacingMm[across], down: grid.spacingMm[down] }, values };
}
