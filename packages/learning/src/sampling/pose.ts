import { RandomSource } from "@multirnet/base";
import { gaussianSmoothed, regionAround, type Xyz } from "@multirnet/imaging";

import { FULL_SCALE, type PreparedScan } from "../dataset/prepared-case.js";
import { cutRegion, type Region } from "./region.js";

/** How a region sees its scan: turned, enlarged, bent. What is left out is left as it is. */
export interface Pose {
  /** About the long axis (z) through the region's middle; from x towards y, that is from the patient's left to the back. */
  readonly rotationDegrees?: number;
  /** Above 1 things look larger, so that less of the scan is seen. */
  readonly scale?: number;
  /** A smooth displacement; at most `magnitude` voxels along each axis. */
  readonly elastic?: { readonly magnitude: number; readonly seed: number };
}

/** Smoothness of the elastic displacement: standard deviation, in voxels, of the Gaussian over white noise. */
const ELASTIC_SIGMA = 8;

/** The displacement is made every so many voxels and is linear between: half a standard deviation. */
const ELASTIC_STEP = 4;

/**
 * Cuts the region around a voxel as `cutRegion` does, in a pose: each voxel of the region is looked up in the scan where the pose has it come from, the
 * image trilinearly and the mask at the nearest voxel, so that nothing is cut off that the scan holds. Turns and sizes are those of millimetres,
 * whatever the spacing.
 */
export function cutPosed(
  scan: Pick<PreparedScan, "grid" | "image" | "mask">,
  centre: Xyz,
  size: Xyz,
  pose: Pose,
): Region {
  const { rotationDegrees = 0, scale = 1, elastic } = pose;
  if (rotationDegrees === 0 && scale === 1 && elastic === undefined) return cutRegion(scan, centre, size);
  const image = new Float32Array(size.x * size.y * size.z);
  const mask = scan.mask === undefined ? undefined : new Uint8Array(image.length);
  const full = scan.grid.size;
  const bend = elastic === undefined ? undefined : new Displacement(size, elastic);
  const { from } = regionAround(centre, size);
  const [halfX, halfY, halfZ] = [(size.x - 1) / 2, (size.y - 1) / 2, (size.z - 1) / 2];
  // From where a voxel is seen to where it comes from: turned back and made small again.
  const angle = (rotationDegrees * Math.PI) / 180;
  const along = Math.cos(angle) / scale;
  const { x: spacingX, y: spacingY } = scan.grid.spacingMm;
  const [yToX, xToY] = [
    (Math.sin(angle) / scale) * (spacingY / spacingX),
    (-Math.sin(angle) / scale) * (spacingX / spacingY),
  ];
  const moved = { x: 0, y: 0, z: 0 };
  let at = 0;
  for (let z = 0; z < size.z; z++) {
    for (let y = 0; y < size.y; y++) {
      for (let x = 0; x < size.x; x++, at++) {
        if (bend !== undefined) bend.read(x, y, z, moved);
        const movedZ = full.z === 1 ? 0 : moved.z; // a scan of one slice has nothing above and below it
        const [dx, dy, dz] = [x - halfX + moved.x, y - halfY + moved.y, z - halfZ + movedZ];
        const sourceX = from.x + halfX + along * dx + yToX * dy;
        const sourceY = from.y + halfY + xToY * dx + along * dy;
        const sourceZ = from.z + halfZ + dz / scale;
        image[at] = trilinear(scan.image, full, sourceX, sourceY, sourceZ) / FULL_SCALE;
        if (mask !== undefined) mask[at] = nearest(scan.mask as Uint8Array, full, sourceX, sourceY, sourceZ);
      }
    }
  }
  return mask === undefined ? { size, image } : { size, image, mask };
}

/** @returns 0 outside; within a voxel of the edge, mixed with what is outside */
function trilinear(values: Uint16Array, { x: w, y: h, z: d }: Xyz, x: number, y: number, z: number): number {
  const [x0, y0, z0] = [Math.floor(x), Math.floor(y), Math.floor(z)];
  if (x0 < -1 || y0 < -1 || z0 < -1 || x0 >= w || y0 >= h || z0 >= d) return 0;
  const [fx, fy, fz] = [x - x0, y - y0, z - z0];
  let sum = 0;
  for (let k = 0; k < 2; k++) {
    if (z0 + k < 0 || z0 + k >= d) continue;
    const weightZ = k === 0 ? 1 - fz : fz;
    for (let j = 0; j < 2; j++) {
      if (y0 + j < 0 || y0 + j >= h) continue;
      const row = w * (y0 + j + h * (z0 + k));
      const left = x0 < 0 ? 0 : (values[row + x0] as number);
      const right = x0 + 1 >= w ? 0 : (values[row + x0 + 1] as number);
      sum += weightZ * (j === 0 ? 1 - fy : fy) * (left + fx * (right - left));
    }
  }
  return sum;
}

function nearest(values: Uint8Array, { x: w, y: h, z: d }: Xyz, x: number, y: number, z: number): number {
  const [i, j, k] = [Math.round(x), Math.round(y), Math.round(z)];
  if (i < 0 || j < 0 || k < 0 || i >= w || j >= h || k >= d) return 0;
  return values[i + w * (j + h * k)] as number;
}

/**
 * A smooth random displacement of each voxel of a region: white noise under a Gaussian, scaled so that the largest is `magnitude` voxels (Simard et al.
 * 2003). It is made on a coarser grid, where the Gaussian is as smooth, and read linearly in between.
 */
class Displacement {
  readonly #size: Xyz;
  readonly #axes: readonly [Float32Array, Float32Array, Float32Array];

  constructor(size: Xyz, { magnitude, seed }: { readonly magnitude: number; readonly seed: number }) {
    const points = (length: number): number => Math.ceil((length - 1) / ELASTIC_STEP) + 1;
    this.#size = { x: points(size.x), y: points(size.y), z: points(size.z) };
    const sigma = ELASTIC_SIGMA / ELASTIC_STEP;
    const axis = (name: keyof Xyz): Float32Array => {
      const random = new RandomSource("elastic", seed, name);
      const noise = Float32Array.from({ length: this.#size.x * this.#size.y * this.#size.z }, () => random.normal());
      const smooth = gaussianSmoothed(noise, this.#size, { x: sigma, y: sigma, z: sigma });
      const largest = smooth.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      return largest === 0 ? smooth : smooth.map((value) => (magnitude * value) / largest);
    };
    this.#axes = [axis("x"), axis("y"), axis("z")];
  }

  /** Writes the displacement of a voxel of the region into `moved`, in voxels. */
  read(x: number, y: number, z: number, moved: { x: number; y: number; z: number }): void {
    const [w, h, d] = [this.#size.x, this.#size.y, this.#size.z];
    const [x0, y0, z0] = [Math.floor(x / ELASTIC_STEP), Math.floor(y / ELASTIC_STEP), Math.floor(z / ELASTIC_STEP)];
    const [fx, fy, fz] = [x / ELASTIC_STEP - x0, y / ELASTIC_STEP - y0, z / ELASTIC_STEP - z0];
    const [x1, y1, z1] = [Math.min(x0 + 1, w - 1), Math.min(y0 + 1, h - 1), Math.min(z0 + 1, d - 1)];
    const mix = (values: Float32Array): number => {
      const row = (j: number, k: number): number => {
        const start = w * (j + h * k);
        const left = values[start + x0] as number;
        return left + fx * ((values[start + x1] as number) - left);
      };
      const near = row(y0, z0) + fy * (row(y1, z0) - row(y0, z0));
      const far = row(y0, z1) + fy * (row(y1, z1) - row(y0, z1));
      return near + fz * (far - near);
    };
    moved.x = mix(this.#axes[0]);
    moved.y = mix(this.#axes[1]);
    moved.z = mix(this.#axes[2]);
  }
}
