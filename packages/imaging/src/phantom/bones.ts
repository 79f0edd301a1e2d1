import type { Anatomy } from "./anatomy.js";
import { tube, type Capsule } from "./capsule.js";
import type { ThoraxSlice } from "./lungs.js";

/** HU of bone; every function here answers −Infinity where there is none. */
export const BONE_HU = { cartilage: 95, marrow: 220, spongy: 190, cortex: 620 } as const;

/**
 * A rib is an oblique ring of the chest wall, high at the back and low in front, where it turns to cartilage.
 *
 * @param wall mm outside the inner chest wall
 */
export function ribHu({ ribs }: Anatomy, slice: ThoraxSlice, wall: number, x: number, y: number, z: number): number {
  if (wall > 12) return -Infinity;
  const back = (y - slice.centreY) / slice.halfDepth;
  if (back < -0.6 && Math.abs(x) < 14) return -Infinity; // the sternum's place
  const turn = (z - ribs.tilt * back) / ribs.pitch + ribs.phase;
  const along = (turn - Math.round(turn)) * ribs.pitch;
  const across = wall - 6;
  const q = (along * along) / (6.2 * 6.2) + (across * across) / (4.6 * 4.6);
  if (q > 1) return -Infinity;
  if (back < -0.72) return BONE_HU.cartilage;
  return q > 0.42 ? BONE_HU.cortex : BONE_HU.marrow;
}

export function sternumHu({ apexZ }: Anatomy, slice: ThoraxSlice, x: number, y: number, z: number): number {
  if (z > apexZ - 12 || z < -62) return -Infinity;
  const front = slice.centreY - slice.halfDepth - y;
  const u = x / (z > apexZ - 50 ? 24 : 16); // the manubrium is wider
  const v = (front - 7) / 6;
  const q = u * u + v * v;
  return q > 1 ? -Infinity : q > 0.55 ? 380 : 130;
}

/** Vertebral bodies with discs between, the canal, its arch and the processes; one vertebra a rib. */
export function spineHu({ spineY, ribs }: Anatomy, x: number, y: number, z: number): number {
  const dy = y - spineY;
  if (Math.abs(x) > 42 || dy < -20 || dy > 62) return -Infinity;
  const turn = z / ribs.pitch + ribs.phase;
  const level = Math.abs(turn - Math.round(turn)) * 2; // 0 in the middle of a vertebra, 1 in a disc
  const body = (x * x) / (18 * 18) + (dy * dy) / (15 * 15);
  if (body < 1) return level > 0.84 ? 85 : body > 0.78 || level > 0.74 ? 430 : BONE_HU.spongy;
  const canal = Math.sqrt(x * x + (dy - 25) * (dy - 25));
  if (canal < 8.5) return 32; // cord and fluid
  if (canal < 13 && level < 0.7) return BONE_HU.cortex;
  if (Math.abs(x) < 4 && dy > 36 && dy < 58 && level < 0.6) return 380; // spinous process
  const rib = dy - 18 - 0.25 * Math.abs(x);
  return Math.abs(rib) < 4.5 && Math.abs(x) < 32 && level < 0.4 ? 300 : -Infinity; // transverse processes
}

/** @returns shoulder blades and collar bones */
export function shoulderBones({ thorax, body, apexZ }: Anatomy): Capsule[] {
  return [-1, 1].flatMap((side) => {
    const inner = { x: side * 0.55 * thorax.halfWidth, y: 0.92 * thorax.halfDepth + 22, z: apexZ - 20 };
    const outer = { x: side * 0.92 * thorax.halfWidth, y: 0.52 * thorax.halfDepth + 18, z: apexZ - 4 };
    const tip = { x: side * 0.78 * thorax.halfWidth, y: 0.78 * thorax.halfDepth + 18, z: apexZ - 88 };
    const breastEnd = { x: side * 18, y: -0.66 * thorax.halfDepth, z: apexZ - 8 };
    const shoulderEnd = { x: side * 0.75 * body.halfWidth, y: -24, z: apexZ + 14 };
    return [...tube([inner, tip, outer, inner], 3.6), ...tube([breastEnd, shoulderEnd], 5)];
  });
}
