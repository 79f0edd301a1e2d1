import type { Anatomy } from "./anatomy.js";
import { BONE_HU, ribHu, shoulderBones, spineHu, sternumHu } from "./bones.js";
import { capsulesDistance, type Capsule } from "./capsule.js";
import {
  diaphragmDistance,
  heartDistance,
  squircleDistance,
  SURFACE_MARGIN_MM,
  thoraxSlice,
  type LungField,
  type Lungs,
  type ThoraxSlice,
} from "./lungs.js";
import type { Space } from "./space.js";

/** Usual attenuation on CT without contrast, in HU. */
const TISSUE_HU = {
  air: -1000,
  gas: -988,
  table: -250,
  foam: -960,
  fat: -100,
  skin: 15,
  fluid: 22,
  wall: 35, // of gullet, stomach, windpipe
  blood: 42,
  spleen: 50,
  muscle: 55,
  liver: 58,
} as const;

export interface TissueOptions {
  readonly table: boolean;
  readonly gastricAir: boolean;
}

/** One point while it is painted; a single record is filled anew for each voxel, so that none is made a voxel. */
interface Place {
  x: number;
  y: number;
  z: number;
  slice: ThoraxSlice;
  skin: number; // mm outside the skin, negative inside
  streak: number; // noise in the scale of muscle bundles
  soft: number; // noise in the scale of organs
}

interface Scene {
  readonly lungs: Lungs;
  readonly shoulder: readonly Capsule[];
  readonly options: TissueOptions;
}

/**
 * Paints all that is not lung: skin, fat, muscle, ribs, sternum, spine, shoulder blades, heart and great vessels, windpipe, the
 * organs under the diaphragm, the scanner's table. Voxels deep in the lung are left at 0.
 *
 * @param streaks noise of variance 1 in the scale of muscle bundles (fat between them)
 * @param mottle noise of variance 1 in the scale of organs
 */
export function paintTissues(
  lungs: Lungs,
  space: Space,
  field: LungField,
  streaks: Float32Array,
  mottle: Float32Array,
  options: TissueOptions,
): Float32Array {
  const { anatomy } = lungs;
  const { size, spacingMm, firstMm, edgeMm } = space;
  const scene: Scene = { lungs, shoulder: shoulderBones(anatomy), options };
  const here: Place = { x: 0, y: 0, z: 0, slice: thoraxSlice(anatomy, 0), skin: 0, streak: 0, soft: 0 };
  const hu = new Float32Array(space.count);
  let at = 0;
  for (let k = 0; k < size.z; k++) {
    here.z = firstMm.z + k * spacingMm.z;
    here.slice = thoraxSlice(anatomy, here.z);
    for (let j = 0; j < size.y; j++) {
      here.y = firstMm.y + j * spacingMm.y;
      for (let i = 0; i < size.x; i++, at++) {
        if ((field.distance[at] as number) < -(edgeMm + SURFACE_MARGIN_MM)) continue;
        here.x = firstMm.x + i * spacingMm.x;
        here.streak = streaks[at] as number;
        here.soft = mottle[at] as number;
        here.skin = skinDistance(anatomy, here.x, here.y, here.z) + 1.5 * here.soft;
        if (here.skin > edgeMm) {
          hu[at] = options.table ? tableHu(anatomy, here.x, here.y) : TISSUE_HU.air;
        } else {
          const share = Math.max(0, Math.min(1, 0.5 - here.skin / edgeMm));
          hu[at] = TISSUE_HU.air + share * (insideHu(scene, here) - TISSUE_HU.air);
        }
      }
    }
  }
  return hu;
}

function insideHu(scene: Scene, here: Place): number {
  const { anatomy } = scene.lungs;
  const { x, y, z, slice } = here;
  const spine = spineHu(anatomy, x, y, z);
  if (spine > -Infinity) return spine;
  const wall = squircleDistance(x, y - slice.centreY, slice.halfWidth, slice.halfDepth, anatomy.thorax.square);
  if (wall > 0) return chestWallHu(scene, here, wall);
  const underDiaphragm = diaphragmDistance(anatomy, x, y, z) > -SURFACE_MARGIN_MM;
  return underDiaphragm && heartDistance(scene.lungs, x, y, z) > 0
    ? abdomenHu(scene, here)
    : mediastinumHu(scene.lungs, here);
}

function chestWallHu({ lungs: { anatomy }, shoulder }: Scene, here: Place, wall: number): number {
  const { x, y, z, slice, skin, soft, streak } = here;
  if (skin > -2.2) return TISSUE_HU.skin;
  const bone = Math.max(ribHu(anatomy, slice, wall, x, y, z), sternumHu(anatomy, slice, x, y, z));
  if (bone > -Infinity) return bone;
  const blade = z > 0 ? capsulesDistance(shoulder, x, y, z) : Infinity;
  if (blade < 0) return blade > -1.8 ? 0.7 * BONE_HU.cortex : BONE_HU.marrow;
  const breast = anatomy.body.breast > 0 && y < slice.centreY - 0.7 * slice.halfDepth && wall > 20;
  if (breast && soft > 0.9) return 0; // gland
  if (breast || skin > -anatomy.body.fat * (1 + 0.25 * soft)) return TISSUE_HU.fat + 8 * streak;
  return streak > 1.35 ? TISSUE_HU.fat + 60 : TISSUE_HU.muscle + 6 * streak;
}

function skinDistance({ body, apexZ }: Anatomy, x: number, y: number, z: number): number {
  const shoulder = Math.max(0, z - apexZ + 45) / 60;
  const halfWidth = body.halfWidth * (1 - 0.06 * shoulder);
  const halfDepth = body.halfDepth * (1 - 0.1 * shoulder);
  const d = squircleDistance(x, y - body.centreY, halfWidth, halfDepth, 0.42);
  if (body.breast === 0 || y > body.centreY) return d;
  const u = (Math.abs(x) - 0.42 * body.halfWidth) / (0.36 * body.halfWidth);
  const w = (z - 8) / 52;
  const mound = 1 - u * u - w * w;
  return mound > 0 ? d - body.breast * Math.sqrt(mound) : d;
}

function tableHu({ body }: Anatomy, x: number, y: number): number {
  const under = y - (body.centreY + body.halfDepth + 5 - (x * x) / 3000);
  if (under <= 0 || under > 26) return TISSUE_HU.air;
  return under < 3 ? TISSUE_HU.table : TISSUE_HU.foam;
}

/** Liver to the right, stomach (at times with air in front, as the patient lies on the back) and spleen to the left. */
function abdomenHu({ lungs: { anatomy }, options }: Scene, { x, y, z, soft, streak }: Place): number {
  const u = (x - 0.5 * anatomy.thorax.halfWidth) / 34;
  const v = (y + 22) / 36;
  const w = (z - anatomy.domeZ.left + 34) / 27;
  const stomach = u * u + v * v + w * w;
  if (stomach < 1) return options.gastricAir && v < -0.1 ? TISSUE_HU.gas : TISSUE_HU.fluid;
  if (stomach < 1.25) return TISSUE_HU.wall;
  if (x < anatomy.mediastinumX + 24 - 0.3 * y) return TISSUE_HU.liver + 5 * soft;
  if (y > 8) return TISSUE_HU.spleen + 5 * soft;
  return soft > 0.2 ? TISSUE_HU.fat + 8 * streak : TISSUE_HU.muscle;
}

function mediastinumHu(lungs: Lungs, { x, y, z, soft, streak }: Place): number {
  const airway = capsulesDistance(lungs.airway, x, y, z);
  if (airway < 0) return TISSUE_HU.gas;
  if (airway < 2) return TISSUE_HU.wall;
  const heart = heartDistance(lungs, x, y, z);
  if (heart < -2) return TISSUE_HU.blood + 4 * soft;
  if (heart < 2) return TISSUE_HU.fat + 20;
  if (capsulesDistance(lungs.vessels, x, y, z) < 0) return TISSUE_HU.blood;
  const gulletX = x - 4;
  const gulletY = y - lungs.anatomy.spineY + 32;
  if (gulletX * gulletX + gulletY * gulletY < 64) return TISSUE_HU.wall;
  return soft > 0.7 ? TISSUE_HU.blood : TISSUE_HU.fat + 12 * streak; // nodes in fat
}
