import type { Xyz } from "../volume.js";

import type { Anatomy } from "./anatomy.js";
import { capsulesDistance, tube, type Capsule } from "./capsule.js";
import type { Space } from "./space.js";

export type Side = "right" | "left";
export const LUNG_LABEL: { readonly [S in Side]: number } = { right: 1, left: 2 };

/** How far past the lung's surface lung and tissue are both painted, beside a voxel, for edges that breathing smears. */
export const SURFACE_MARGIN_MM = 8;

/**
 * The shape of one patient's lungs as distances in mm, negative inside: the inside of the rib cage, cut by a dome at the apex,
 * the diaphragm below and the mediastinum between. Distances are first order (exact on the surface, good near it).
 */
export interface Lungs {
  readonly anatomy: Anatomy;
  readonly vessels: readonly Capsule[]; // aorta, pulmonary trunk and their neighbours: mediastinum, not lung
  readonly airway: readonly Capsule[]; // trachea and main bronchi: the air in them
  readonly hila: { readonly [S in Side]: Xyz };
  readonly heartAxes: readonly [Xyz, Xyz, Xyz];
}

export function shapeLungs(anatomy: Anatomy): Lungs {
  const hilum = (sign: number): Xyz => ({ x: anatomy.mediastinumX + sign * 40, y: 8, z: sign < 0 ? 4 : 10 });
  const hila = { right: hilum(-1), left: hilum(1) };
  const top = anatomy.apexZ + 40;
  const carina = { x: anatomy.mediastinumX, y: 12, z: 26 };
  const descendingY = anatomy.spineY - 24;
  const aorta = [
    { x: 2, y: -16, z: 0 },
    { x: -9, y: -20, z: 34 },
    { x: 4, y: -6, z: 50 },
    { x: 20, y: 16, z: 50 },
    { x: 27, y: descendingY - 8, z: 34 },
    { x: 24, y: descendingY, z: -30 },
    { x: 14, y: descendingY + 4, z: -160 },
  ];
  return {
    anatomy,
    hila,
    vessels: [
      ...tube(aorta, 13),
      ...tube(
        [
          { x: -24, y: -14, z: -20 },
          { x: -25, y: -14, z: 50 },
          { x: -14, y: -14, z: top },
        ],
        9,
      ), // superior vena cava
      ...tube(
        [
          { x: 14, y: -24, z: 0 },
          { x: 20, y: -4, z: 24 },
          { x: 34, y: 10, z: 18 },
        ],
        12,
      ), // pulmonary trunk, to the left
      ...tube(
        [
          { x: 16, y: -10, z: 20 },
          { x: -34, y: 2, z: 12 },
        ],
        9,
      ), // pulmonary artery to the right
      ...tube(
        [
          { x: 14, y: -2, z: 54 },
          { x: 26, y: 4, z: top },
        ],
        6,
      ), // to the left arm and head
    ],
    airway: [
      ...tube([{ x: anatomy.mediastinumX - 1, y: 2, z: top }, carina], 8.5),
      ...tube([carina, hila.right], 6.5),
      ...tube([carina, hila.left], 5.8),
    ],
    heartAxes: frameAlong({ x: 0.78, y: -0.36, z: -0.5 }),
  };
}

/** @returns three unit vectors at right angles, the first along `direction` */
export function frameAlong(direction: Xyz): readonly [Xyz, Xyz, Xyz] {
  const a = unit(direction);
  const other = Math.abs(a.z) < 0.9 ? { x: 0, y: 0, z: 1 } : { x: 1, y: 0, z: 0 };
  const b = unit(cross(other, a));
  return [a, b, cross(a, b)];
}

function unit({ x, y, z }: Xyz): Xyz {
  const length = Math.sqrt(x * x + y * y + z * z);
  return { x: x / length, y: y / length, z: z / length };
}

function cross(a: Xyz, b: Xyz): Xyz {
  return { x: a.y * b.z - a.z * b.y, y: a.z * b.x - a.x * b.z, z: a.x * b.y - a.y * b.x };
}

/** The rib cage's inner outline at one height. */
export interface ThoraxSlice {
  readonly halfWidth: number;
  readonly halfDepth: number;
  readonly centreY: number;
}

export function thoraxSlice({ thorax, apexZ, lungHeight }: Anatomy, z: number): ThoraxSlice {
  const below = Math.max(0, Math.min(1, (apexZ - z) / (0.62 * lungHeight)));
  const opened = Math.sqrt(1 - (1 - below) * (1 - below));
  return {
    halfWidth: thorax.halfWidth * (0.6 + 0.4 * opened),
    halfDepth: thorax.halfDepth * (0.66 + 0.34 * opened),
    centreY: thorax.stoop * (1 - opened),
  };
}

/**
 * @returns the distance in mm to a squircle (x/a)² + (y/b)² − s (x/a)² (y/b)² = 1 (Fernández-Guasti 1992), negative inside
 */
export function squircleDistance(x: number, y: number, a: number, b: number, s: number): number {
  const u = Math.max(-1.6, Math.min(1.6, x / a));
  const v = Math.max(-1.6, Math.min(1.6, y / b));
  const q = Math.sqrt(u * u + v * v - s * u * u * v * v);
  if (q < 0.05) return -0.95 * Math.min(a, b);
  const gx = (u * (1 - s * v * v)) / a;
  const gy = (v * (1 - s * u * u)) / b;
  return ((q - 1) * q) / Math.sqrt(gx * gx + gy * gy);
}

function apexDistance({ thorax, apexZ, lungHeight, mediastinumX }: Anatomy, x: number, y: number, z: number): number {
  const height = 0.42 * lungHeight;
  const t = (z - (apexZ - height)) / height;
  if (t <= 0) return -Infinity;
  const side = x < mediastinumX ? -1 : 1;
  const a = 0.7 * thorax.halfWidth;
  const b = 1.25 * thorax.halfDepth;
  const u = (x - side * 0.4 * thorax.halfWidth) / a;
  const v = (y - thorax.stoop) / b;
  const q = Math.sqrt(u * u + v * v + t * t);
  return ((q - 1) * q) / Math.sqrt((u / a) * (u / a) + (v / b) * (v / b) + (t / height) * (t / height));
}

/** @returns how far below the diaphragm's surface a point lies, in mm; negative above it */
export function diaphragmDistance(anatomy: Anatomy, x: number, y: number, z: number): number {
  const { thorax, domeZ, domeDrop, mediastinumX } = anatomy;
  const right = x < mediastinumX;
  const rx = 0.52 * thorax.halfWidth;
  const ry = thorax.halfDepth;
  const u = (x - (right ? -0.48 : 0.5) * thorax.halfWidth) / rx;
  const v = (y + 0.22 * thorax.halfDepth) / ry;
  const fall = Math.min(1.7, u * u + v * v);
  const slope = 2 * domeDrop * Math.sqrt((u / rx) * (u / rx) + (v / ry) * (v / ry));
  return ((right ? domeZ.right : domeZ.left) - domeDrop * fall - z) / Math.sqrt(1 + slope * slope);
}

/** @returns the distance in mm to the heart, negative inside */
export function heartDistance(
  { anatomy: { heart }, heartAxes: [a, b, c] }: Lungs,
  x: number,
  y: number,
  z: number,
): number {
  const { centre, radii } = heart;
  const px = x - centre.x;
  const py = y - centre.y;
  const pz = z - centre.z;
  const u = (px * a.x + py * a.y + pz * a.z) / radii.x;
  const v = (px * b.x + py * b.y + pz * b.z) / radii.y;
  const w = (px * c.x + py * c.y + pz * c.z) / radii.z;
  const q = Math.sqrt(u * u + v * v + w * w);
  if (q < 0.1) return -radii.y;
  const gu = u / radii.x;
  const gv = v / radii.y;
  const gw = w / radii.z;
  return ((q - 1) * q) / Math.sqrt(gu * gu + gv * gv + gw * gw);
}

/** @returns the distance in mm to what lies between the lungs, negative inside */
function mediastinumDistance(lungs: Lungs, x: number, y: number, z: number): number {
  const { anatomy } = lungs;
  const depth = y / anatomy.thorax.halfDepth;
  const half = anatomy.mediastinumHalf * Math.max(0.3, 1 - 0.62 * depth * depth) + 0.05 * Math.max(-60, z);
  const plate = Math.abs(x - anatomy.mediastinumX) - half;
  const spineX = x;
  const spineY = y - anatomy.spineY;
  const spine = Math.sqrt(spineX * spineX + spineY * spineY) - 23;
  const outline = roundedMin(roundedMin(plate, spine), heartDistance(lungs, x, y, z));
  if (Math.abs(x - 5) > 70) return outline;
  const tubes = Math.min(capsulesDistance(lungs.vessels, x, y, z) - 2, capsulesDistance(lungs.airway, x, y, z) - 2.5);
  return roundedMin(outline, tubes);
}

/** The smaller of two distances, the crease where they meet filled over 12 mm (Quilez's polynomial smooth minimum). */
function roundedMin(a: number, b: number): number {
  const close = Math.max(0, 12 - Math.abs(a - b)) / 12;
  return Math.min(a, b) - close * close * 3;
}

/** @returns how far outside the chest wall, apex and diaphragm a point lies in mm: −15 is 15 mm under the outer pleura */
export function costalDistance({ anatomy }: Lungs, slice: ThoraxSlice, x: number, y: number, z: number): number {
  return Math.max(wallDistance(anatomy, slice, x, y, z), diaphragmDistance(anatomy, x, y, z));
}

function wallDistance(anatomy: Anatomy, slice: ThoraxSlice, x: number, y: number, z: number): number {
  const wall = squircleDistance(x, y - slice.centreY, slice.halfWidth, slice.halfDepth, anatomy.thorax.square);
  return Math.max(wall, apexDistance(anatomy, x, y, z));
}

/** @returns the distance in mm to the surface of the lung on that side of the chest, negative inside */
export function lungDistance(lungs: Lungs, x: number, y: number, z: number): number {
  const costal = costalDistance(lungs, thoraxSlice(lungs.anatomy, z), x, y, z);
  return costal > 4 ? costal : Math.max(costal, -mediastinumDistance(lungs, x, y, z));
}

/** The lungs at every voxel. */
export interface LungField {
  readonly distance: Float32Array; // to the surface of the nearer lung in mm, negative inside
  readonly costal: Float32Array; // to the outer pleura and diaphragm only
  readonly diaphragm: Float32Array; // how far under the diaphragm
  readonly label: Uint8Array; // 0, or as LUNG_LABEL
  readonly voxels: Int32Array; // the places of all lung voxels, in order
}

/** @param wobble noise of variance 1 that makes the surface a little uneven */
export function lungField(lungs: Lungs, space: Space, wobble: Float32Array): LungField {
  const { size, spacingMm, firstMm } = space;
  const distance = new Float32Array(space.count);
  const costal = new Float32Array(space.count);
  const diaphragm = new Float32Array(space.count);
  const label = new Uint8Array(space.count);
  const voxels = new Int32Array(space.count);
  let found = 0;
  let at = 0;
  for (let k = 0; k < size.z; k++) {
    const z = firstMm.z + k * spacingMm.z;
    const slice = thoraxSlice(lungs.anatomy, z);
    for (let j = 0; j < size.y; j++) {
      const y = firstMm.y + j * spacingMm.y;
      for (let i = 0; i < size.x; i++, at++) {
        const x = firstMm.x + i * spacingMm.x;
        const below = diaphragmDistance(lungs.anatomy, x, y, z);
        const outer = Math.max(wallDistance(lungs.anatomy, slice, x, y, z), below);
        const uneven = 1.2 * (wobble[at] as number);
        const d = (outer > 4 ? outer : Math.max(outer, -mediastinumDistance(lungs, x, y, z))) + uneven;
        distance[at] = d;
        costal[at] = outer + uneven;
        diaphragm[at] = below;
        if (d < 0) {
          label[at] = x < lungs.anatomy.mediastinumX ? LUNG_LABEL.right : LUNG_LABEL.left;
          voxels[found++] = at;
        }
      }
    }
  }
  return { distance, costal, diaphragm, label, voxels: voxels.slice(0, found) };
}
