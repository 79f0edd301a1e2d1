import type { Box, Xyz } from "@multirnet/imaging";

export interface WindowSettings {
  readonly region: Xyz; // voxels of a window: the network's input
  readonly overlap: number; // share of a window that its neighbour repeats, [0, 1)
}

/**
 * The windows over a box: evenly spread, none further apart than the overlap allows, the first and last flush with the box. Where the box is
 * shorter than a window, one window is centred on it.
 */
export function windowsOver(box: Box, { region, overlap }: WindowSettings): Box[] {
  const starts = (axis: "x" | "y" | "z"): number[] =>
    startsAlong(box.from[axis], box.size[axis], region[axis], overlap);
  const [xs, ys, zs] = [starts("x"), starts("y"), starts("z")];
  return zs.flatMap((z) => ys.flatMap((y) => xs.map((x) => ({ from: { x, y, z }, size: region }))));
}

function startsAlong(from: number, length: number, window: number, overlap: number): number[] {
  if (length <= window) return [from - Math.floor((window - length) / 2)];
  const stride = Math.max(1, Math.floor(window * (1 - overlap) + ROUNDING));
  const count = Math.ceil((length - window) / stride) + 1;
  return Array.from({ length: count }, (_, i) => from + Math.round((i * (length - window)) / (count - 1)));
}

const ROUNDING = 1e-9; // voxels: 10 · (1 - 0.8) is 2, not 1.9999999999999996

/**
 * How much each voxel of a window counts: a Gaussian of σ = 1/8 of the window around its centre, as nnU-Net (Isensee et al. 2021), since a network
 * knows least at the window's edge. Never below a thousandth of the centre's, so that no voxel is lost.
 *
 * @returns x fastest, then y, then z
 */
export function windowWeights(region: Xyz): Float32Array {
  const [x, y, z] = [bell(region.x), bell(region.y), bell(region.z)];
  const weights = new Float32Array(region.x * region.y * region.z);
  let index = 0;
  for (const wz of z) for (const wy of y) for (const wx of x) weights[index++] = Math.max(wx * wy * wz, MINIMUM_WEIGHT);
  return weights;
}

const MINIMUM_WEIGHT = 1e-3;
const SIGMA_SHARE = 1 / 8;

function bell(length: number): Float64Array {
  const centre = (length - 1) / 2;
  const sigma = length * SIGMA_SHARE;
  return Float64Array.from({ length }, (_, i) => Math.exp(-0.5 * ((i - centre) / sigma) ** 2));
}
