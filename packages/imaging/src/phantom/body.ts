import { capsulesDistance, tube, type Capsule } from "./capsule.js";
import type { Anatomy } from "./anatomy.js";
import {
  diaphragmDistance,
  heartDistance,
  squircleDistance,
  thoraxSlice,
  type LungField,
  type Lungs,
  type ThoraxSlice,
} from "./lungs.js";
import type { Space } from "./space.js";

/** Usual attenuation on CT without contrast, in HU. */
export const TISSUE_HU = { air: -1000, fat: -100, skin: 15, muscle: 55, blood: 42, liver: 58, cartilage: 95, marrow: 220, cortex: 620 } as const;

export interface BodyOptions {
  readonly table: boolean;
  readonly gastricAir: boolean;
}

/**
 * Paints all that is not lung: skin, fat, muscle, ribs, sternum, spine, shoulder blades, heart and great vessels, trachea, the
 * organs under the diaphragm, the scanner's table. Voxels deep in the lung are left at 0.
 *
 * @param streaks noise of variance 1 in the scale of muscle bundles (fat between them)
 * @param mottle noise of variance 1 in the scale of organs
 */
export function paintBody(
  lungs: Lungs,
  space: Space,
  field: LungField,
  streaks: Float32Array,
  mottle: Float32Array,
  options: BodyOptions,
): Float32Array {
  const { anatomy } = lungs;
  const { size, spacingMm, firstMm, edgeMm } = space;
  const bones = shoulderBones(anatomy);
  const hu = new Float32Array(space.count);
  let at = 0;
  for (let k = 0; k < size.z; k++) {
    const z = firstMm.z + k * spacingMm.z;
    const slice = thoraxSlice(anatomy, z);
    for (let j = 0; j < size.y; j++) {
      const y = firstMm.y + j * spacingMm.y;
      for (let i = 0; i < size.x; i++, at++) {
        if ((field.distance[at] as number) < -(edgeMm + 8)) continue;
        const x = firstMm.x + i * spacingMm.x;
        const streak = streaks[at] as number;
        const soft = mottle[at] as number;
        const skin = skinDistance(anatomy, x, y, z) + 1.5 * soft;
        let value: number;
        if (skin > edgeMm) {
          value = options.table ? tableHu(anatomy, x, y) : TISSUE_HU.air;
        } else {
          const inside = insideHu(lungs, slice, bones, x, y, z, skin, streak, soft, options);
          const share = Math.max(0, Math.min(1, 0.5 - skin / edgeMm));
          value = TISSUE_HU.air + share * (inside - TISSUE_HU.air);
        }
        hu[at] = value;
      }
    }
  }
  return hu;
}

function insideHu(
  lungs: Lungs,
  slice: ThoraxSlice,
  bones: readonly Capsule[],
  x: number,
  y: number,
  z: number,
  skin: number,
  streak: number,
  soft: number,
  options: BodyOptions,
): number {
  const { anatomy } = lungs;
  const spine = spineHu(anatomy, x, y, z);
  if (spine > -Infinity) return spine;
  const wall = squircleDistance(x, y - slice.centreY, slice.halfWidth, slice.halfDepth, anatomy.thorax.square);
  if (wall > 0) {
    if (skin > -2.2) return TISSUE_HU.skin;
    const bone = Math.max(ribHu(anatomy, slice, wall, x, y, z), sternumHu(anatomy, slice, x, y, z));
    if (bone > -Infinity) return bone;
    const blade = z > 0 ? capsulesDistance(bones, x, y, z) : Infinity;
    if (blade < 0) return blade > -1.8 ? TISSUE_HU.cortex * 0.7 : TISSUE_HU.marrow;
    const fat = anatomy.body.fat * (1 + 0.25 * soft);
    const breast = anatomy.body.breast > 0 && y < slice.centreY - 0.7 * slice.halfDepth && wall > 20;
    if (skin > -fat || breast) return TISSUE_HU.fat + 8 * streak + (breast && soft > 0.9 ? 90 : 0);
    return streak > 1.35 ? TISSUE_HU.fat + 60 : TISSUE_HU.muscle + 6 * streak;
  }
  if (diaphragmDistance(anatomy, x, y, z) > -10 && heartDistance(lungs, x, y, z) > 0) return abdomenHu(anatomy, x, y, z, soft, streak, options);
  return mediastinumHu(lungs, x, y, z, soft, streak);
}

function skinDistance({ body, apexZ }: Anatomy, x: number, y: number, z: number): number {
  const shoulder = Math.max(0, z - apexZ + 45) / 60;
  const d = squircleDistance(x, y - body.centreY, body.halfWidth * (1 - 0.06 * shoulder), body.halfDepth * (1 - 0.1 * shoulder), 0.42);
  if (body.breast === 0 || y > body.centreY) return d;
  const u = (Math.abs(x) - 0.42 * body.halfWidth) / (0.36 * body.halfWidth);
  const w = (z - 8) / 52;
  const mound = 1 - u * u - w * w;
  return mound > 0 ? d - body.breast * Math.sqrt(mound) : d;
}

function tableHu({ body }: Anatomy, x: number, y: number): number {
  const under = y - (body.centreY + body.halfDepth + 5 - (x * x) / 3000);
  return under > 0 && under < 3 ? -250 : under >= 3 && under < 26 ? -960 : TISSUE_HU.air;
}

/** A rib is an oblique ring of the chest wall, high at the back and low in front, where it turns to cartilage. */
function ribHu({ ribs }: Anatomy, slice: ThoraxSlice, wall: number, x: number, y: number, z: number): number {
  if (wall > 12) return -Infinity;
  const back = (y - slice.centreY) / slice.halfDepth;
  if (back < -0.6 && Math.abs(x) < 14) return -Infinity; // the sternum's place
  const turn = (z - ribs.tilt * back) / ribs.pitch + ribs.phase;
  const along = (turn - Math.round(turn)) * ribs.pitch;
  const across = wall - 6;
  const q = (along * along) / (6.2 * 6.2) + (across * across) / (4.6 * 4.6);
  if (q > 1) return -Infinity;
  if (back < -0.72) return TISSUE_HU.cartilage;
  return q > 0.42 ? TISSUE_HU.cortex : TISSUE_HU.marrow;
}

function sternumHu({ apexZ }: Anatomy, slice: ThoraxSlice, x: number, y: number, z: number): number {
  if (z > apexZ - 12 || z < -62) return -Infinity;
  const front = slice.centreY - slice.halfDepth - y;
  const u = x / (z > apexZ - 50 ? 24 : 16);
  const v = (front - 7) / 6;
  const q = u * u + v * v;
  return q > 1 ? -Infinity : q > 0.55 ? 380 : 130;
}

/** Vertebral bodies with discs between, the canal, its arch and the processes. */
function spineHu({ spineY, ribs }: Anatomy, x: number, y: number, z: number): number {
  const dy = y - spineY;
  if (Math.abs(x) > 42 || dy < -20 || dy > 62) return -Infinity;
  const turn = z / ribs.pitch + ribs.phase;
  const level = Math.abs(turn - Math.round(turn)) * 2; // 0 in the middle of a vertebra, 1 in a disc
  const body = (x * x) / (18 * 18) + (dy * dy) / (15 * 15);
  if (body < 1) return level > 0.84 ? 85 : body > 0.78 || level > 0.74 ? 430 : 190;
  const canal = Math.sqrt(x * x + (dy - 25) * (dy - 25));
  if (canal < 8.5) return 32;
  if (canal < 13 && level < 0.7) return TISSUE_HU.cortex;
  if (Math.abs(x) < 4 && dy > 36 && dy < 58 && level < 0.6) return 380; // spinous process
  if (Math.abs(dy - 18 - 0.25 * Math.abs(x)) < 4.5 && Math.abs(x) < 32 && level < 0.4) return 300; // transverse processes
  return -Infinity;
}

function shoulderBones({ thorax, body, apexZ }: Anatomy): Capsule[] {
  const bones: Capsule[] = [];
  for (const side of [-1, 1]) {
    const inner = { x: side * 0.55 * thorax.halfWidth, y: 0.92 * thorax.halfDepth + 22, z: apexZ - 20 };
    const outer = { x: side * 0.92 * thorax.halfWidth, y: 0.52 * thorax.halfDepth + 18, z: apexZ - 4 };
    const tip = { x: side * 0.78 * thorax.halfWidth, y: 0.78 * thorax.halfDepth + 18, z: apexZ - 88 };
    bones.push(...tube([inner, tip, outer, inner], 3.6));
    bones.push(...tube([{ x: side * 18, y: -0.66 * thorax.halfDepth, z: apexZ - 8 }, { x: side * 0.75 * body.halfWidth, y: -24, z: apexZ + 14 }], 5));
  }
  return bones;
}

function abdomenHu(
  { mediastinumX, thorax, domeZ }: Anatomy,
  x: number,
  y: number,
  z: number,
  soft: number,
  streak: number,
  { gastricAir }: BodyOptions,
): number {
  const u = (x - 0.5 * thorax.halfWidth) / 34;
  const v = (y + 22) / 36;
  const w = (z - domeZ.left + 34) / 27;
  const stomach = u * u + v * v + w * w;
  if (stomach < 1) return gastricAir && v < -0.1 ? -985 : 22;
  if (stomach < 1.25) return 48; // its wall
  if (x < mediastinumX + 24 - 0.3 * y) return TISSUE_HU.liver + 5 * soft;
  if (y > 8) return 50 + 5 * soft; // spleen
  return soft > 0.2 ? TISSUE_HU.fat + 8 * streak : 45;
}

function mediastinumHu(lungs: Lungs, x: number, y: number, z: number, soft: number, streak: number): number {
  const airway = capsulesDistance(lungs.airway, x, y, z);
  if (airway < 0) return -990;
  if (airway < 2) return 30;
  const heart = heartDistance(lungs, x, y, z);
  if (heart < -2) return TISSUE_HU.blood + 4 * soft;
  if (heart < 2) return TISSUE_HU.fat + 20;
  if (capsulesDistance(lungs.vessels, x, y, z) < 0) return TISSUE_HU.blood;
  const gullet = (x - 4) * (x - 4) + (y - lungs.anatomy.spineY + 32) * (y - lungs.anatomy.spineY + 32);
  if (gullet < 64) return 35;
  return soft > 0.7 ? 40 : TISSUE_HU.fat + 12 * streak;
}
