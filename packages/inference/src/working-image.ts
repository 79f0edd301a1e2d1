import type { ModelCard } from "@multirnet/artifacts";
import {
  bodyBox,
  orderTo,
  reorderedGrid,
  resampleToSpacing,
  windowed,
  type Box,
  type Grid,
  xyz,
  type Axis,
  type HuWindow,
  type Meaning,
  type Volume,
} from "@multirnet/imaging";

/** How a working grid divides an axis: into voxels of so many millimetres, or into so many voxels over the whole scan. */
export type AxisDivision = number | { readonly voxels: number };

/** How the working grid divides a scan along left, back and head. */
export type WorkingSpacing = Readonly<Record<Axis, AxisDivision>>;

/** What a config or card says: millimetres, or `fit` where one region spans the whole scan along the axis. */
export function workingSpacing({
  spacingMm,
  region,
}: Pick<ModelCard["preprocessing"], "spacingMm" | "region">): WorkingSpacing {
  const along = (axis: Axis): AxisDivision => {
    const spacing = spacingMm[axis];
    return spacing === "fit" ? { voxels: region[axis] } : spacing;
  };
  return { x: along("x"), y: along("y"), z: along("z") };
}

/** A scan as networks see it, in training and after. */
export interface WorkingImage {
  readonly grid: Grid; // the working grid: axes along LPS, one spacing for all scans, but for axes that are fitted
  readonly voxels: Float32Array; // [0, 1], x fastest
  readonly body: Box; // where the patient is: what is tiled; all of an axis that is fitted
}

/** The paper's Algorithm 2: axes to LPS, one spacing (trilinear; nearest for labels). */
export function toWorkingGrid<M extends Meaning>(volume: Volume<M>, spacing: WorkingSpacing): Volume<M> {
  const { size, spacingMm } = reorderedGrid(volume.grid, orderTo(volume.grid, "LPS"));
  const wanted = xyz((axis) => {
    const division = spacing[axis];
    return typeof division === "number" ? division : (size[axis] * spacingMm[axis]) / division.voxels;
  });
  return resampleToSpacing(volume, wanted, "LPS");
}

/** Algorithm 2, then the CT window to [0, 1]. */
export function workingImage(scan: Volume<"hounsfield">, spacing: WorkingSpacing, windowHu: HuWindow): WorkingImage {
  const working = toWorkingGrid(scan, spacing);
  return { grid: working.grid, voxels: windowed(working, windowHu), body: tiledBox(working, spacing) };
}

function tiledBox(working: Volume<"hounsfield">, spacing: WorkingSpacing): Box {
  const { from, size } = bodyBox(working);
  const whole = working.grid.size;
  const isFitted = (axis: Axis): boolean => typeof spacing[axis] !== "number";
  return {
    from: xyz((axis) => (isFitted(axis) ? 0 : from[axis])),
    size: xyz((axis) => (isFitted(axis) ? whole[axis] : size[axis])),
  };
}
