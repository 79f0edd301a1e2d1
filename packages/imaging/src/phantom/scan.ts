import type { RandomSource } from "@multirnet/base";

import { paintCapsules } from "./capsule.js";
import type { Lesions } from "./lesions.js";
import { aboveOblique } from "./lobes.js";
import { heartDistance, type LungField, type Lungs } from "./lungs.js";
import { blur, roughNormal, smoothNoise } from "./noise.js";
import { drawParenchyma, paintParenchyma } from "./parenchyma.js";
import { xOf, yOf, zOf, type Space } from "./space.js";
import { paintTissues } from "./tissues.js";
import { growTree, type TreeShape } from "./tree.js";

/** How far the diaphragm and the heart's wall may move during a scan, in mm. */
const BREATHING_MM = { least: 3, most: 12 } as const;
const BEAT_MM = { least: 3, most: 9 } as const;

const ARTERIES: TreeShape = { ends: 380, radius: 10, thinnest: 1, marginMm: 4 };
const VEINS: TreeShape = { ends: 320, radius: 9.5, thinnest: 1, marginMm: 5 };
const BRONCHI: TreeShape = { ends: 75, radius: 6, thinnest: 2.2, marginMm: 9 };

/** Lung without any air left in it; no lesion is denser. */
const AIRLESS_HU = 40;

/** A fissure is 1 mm of pleura in tissue of about −800 HU; spread over a voxel, this much times mm. */
const FISSURE_HU_MM = 90;

/**
 * What a scanner sees: tissue, lungs with lesions, vessels and airways, mixed at the lung's surface, smeared and with noise.
 *
 * @returns whole HU, −1024 to 3071
 */
export function paintScan(
  lungs: Lungs,
  space: Space,
  field: LungField,
  lesions: Lesions,
  random: RandomSource,
): Float32Array {
  const coarse = smoothNoise(space, 20, random.derive("mosaic"));
  const fine = smoothNoise(space, 5, random.derive("grain"));
  const tissues = paintTissues(lungs, space, field, fine, coarse, {
    table: random.derive("bed").chance(0.7),
    gastricAir: random.derive("stomach").chance(0.6),
  });
  const look = drawParenchyma(lungs.anatomy, random.derive("parenchyma"));
  const hu = paintParenchyma(lungs.anatomy, look, space, field, coarse, fine);
  paintFissures(hu, lungs, space, field);
  paintLesions(hu, lesions, coarse, fine, random.derive("density"));
  paintTrees(hu, lungs, space, random);
  mixAtSurface(hu, tissues, lungs, space, field, random.derive("motion"));
  addScanner(hu, space, random.derive("scanner"));
  return hu;
}

function paintFissures(hu: Float32Array, { anatomy }: Lungs, space: Space, field: LungField): void {
  for (const at of field.voxels) {
    const off = Math.abs(aboveOblique(anatomy, yOf(space, at), zOf(space, at)));
    if (off < space.edgeMm) hu[at] = (hu[at] as number) + (1 - off / space.edgeMm) * (FISSURE_HU_MM / space.edgeMm);
  }
}

/** Ground glass adds to the lung, so that its texture stays; consolidation takes its place, unevenly. */
function paintLesions(
  hu: Float32Array,
  lesions: Lesions,
  coarse: Float32Array,
  fine: Float32Array,
  random: RandomSource,
): void {
  const glassHu = random.between(340, 440);
  const denseHu = random.between(-150, -10);
  for (let at = 0; at < hu.length; at++) {
    const glass = lesions.groundGlass[at] as number;
    const dense = lesions.consolidation[at] as number;
    if (glass === 0 && dense === 0) continue;
    const lobule = coarse[at] as number;
    const texture = fine[at] as number;
    const hazy = Math.min(AIRLESS_HU, (hu[at] as number) + glass * (glassHu + 105 * texture + 25 * lobule));
    hu[at] = hazy + dense * (Math.min(AIRLESS_HU, denseHu + 70 * texture + 50 * lobule) - hazy);
  }
}

/** Vessels, seen through ground glass; then bronchi, whose air is what stays dark in a consolidation. */
function paintTrees(hu: Float32Array, lungs: Lungs, space: Space, random: RandomSource): void {
  const both = (name: string, shape: TreeShape) =>
    (["right", "left"] as const).flatMap((side) => growTree(lungs, side, shape, random.derive(name, side)));
  const vessels = paintCapsules(space, [...both("arteries", ARTERIES), ...both("veins", VEINS)]);
  const bronchi = both("bronchi", BRONCHI);
  const lumen = paintCapsules(space, bronchi);
  const walls = paintCapsules(space, bronchi, 1.1);
  for (let at = 0; at < hu.length; at++) {
    let value = hu[at] as number;
    value += (vessels[at] as number) * (45 - value);
    value += (walls[at] as number) * 0.5 * (-60 - value);
    value += (lumen[at] as number) * (-985 - value);
    hu[at] = value;
  }
}

/** Partial volume at the lung's surface, over a wider band where the diaphragm or the heart moved. */
function mixAtSurface(
  hu: Float32Array,
  tissues: Float32Array,
  lungs: Lungs,
  space: Space,
  field: LungField,
  random: RandomSource,
): void {
  const breathing = random.between(BREATHING_MM.least, BREATHING_MM.most);
  const beat = random.between(BEAT_MM.least, BEAT_MM.most);
  for (let at = 0; at < hu.length; at++) {
    const distance = field.distance[at] as number;
    let moved = 0;
    if (Math.abs(field.diaphragm[at] as number) < breathing) {
      moved = breathing;
    } else if (Math.abs(distance) < beat) {
      const heart = heartDistance(lungs, xOf(space, at), yOf(space, at), zOf(space, at));
      if (Math.abs(heart) < beat) moved = beat;
    }
    const share = Math.max(0, Math.min(1, 0.5 - distance / (space.edgeMm + moved)));
    hu[at] = share * (hu[at] as number) + (1 - share) * (tissues[at] as number);
  }
}

/** The scanner: its point spread, then noise that is a little correlated, then whole numbers. */
function addScanner(hu: Float32Array, space: Space, random: RandomSource): void {
  blur(hu, space, random.between(1.2, 2));
  const sigmaHu = random.between(15, 40);
  const noise = new Float32Array(space.count);
  for (let at = 0; at < noise.length; at++) noise[at] = roughNormal(random);
  blur(noise, space, 1.5);
  let squares = 0;
  for (const value of noise) squares += value * value;
  const scale = sigmaHu / Math.sqrt(squares / noise.length);
  for (let at = 0; at < hu.length; at++) {
    hu[at] = Math.max(-1024, Math.min(3071, Math.round((hu[at] as number) + scale * (noise[at] as number))));
  }
}
