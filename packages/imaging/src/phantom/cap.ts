import type { RandomSource } from "@multirnet/base";

import type { Xyz } from "../volume.js";

import { lobeAt, LOBES, type Lobe } from "./lobes.js";
import { costalDistance, lungDistance, thoraxSlice, type LungField, type Lungs } from "./lungs.js";
import { insideShare, LESION_LABEL, noLesions, scoreOfSmallest, skewed, type Lesions } from "./lesions.js";
import { smoothNoise } from "./noise.js";
import { xOf, yOf, zOf, type Space } from "./space.js";
import { anyPoint } from "./tree.js";

/** One focus of consolidation; it keeps to its lobe, as the fissure stops it. */
interface Focus {
  readonly lobe: Lobe;
  readonly centre: Xyz;
  readonly stretch: Xyz; // how much further it reaches along each axis
  readonly share: number; // of both lungs
}

/**
 * Community-acquired (lobar, bacterial) pneumonia: one large dense consolidation that fills part of a lobe up to its fissure,
 * with air in its bronchi, a thin rim of ground glass, at times a second smaller focus (Franquet, Radiology 2018). 5 to 10 % of
 * the lung, at least three quarters of it on one side.
 */
export function capLesions(lungs: Lungs, space: Space, field: LungField, random: RandomSource): Lesions {
  const draw = random.derive("foci");
  const rimShare = draw.between(0.18, 0.36);
  const softMm = draw.between(3.5, 6);
  const foci = drawFoci(lungs, draw);
  const rough = smoothNoise(space, 24, random.derive("outline"));
  const fringe = smoothNoise(space, 9, random.derive("fringe"));
  const lobes = lobesOf(lungs, space, field, smoothNoise(space, 45, random.derive("fissures")));

  const lesions = noLesions(space.count);
  const scores = new Float32Array(space.count);
  for (const { lobe, centre, stretch, share } of foci) {
    const voxels = field.voxels.filter((at) => lobes[at] === LOBES.indexOf(lobe));
    const all = Math.min(0.88 * voxels.length, share * field.voxels.length);
    for (const at of voxels) {
      const dx = (xOf(space, at) - centre.x) / stretch.x;
      const dy = (yOf(space, at) - centre.y) / stretch.y;
      const dz = (zOf(space, at) - centre.z) / stretch.z;
      scores[at] = Math.sqrt(dx * dx + dy * dy + dz * dz) + 6 * (rough[at] as number) + 1.5 * (fringe[at] as number);
    }
    const outer = scoreOfSmallest(scores, voxels, all);
    const inner = scoreOfSmallest(scores, voxels, all * (1 - rimShare));
    for (const at of voxels) {
      const score = scores[at] as number;
      lesions.groundGlass[at] = Math.max(lesions.groundGlass[at] as number, insideShare(outer, score, softMm));
      lesions.consolidation[at] = Math.max(lesions.consolidation[at] as number, insideShare(inner, score, softMm));
      if (score > outer) continue;
      if (score <= inner) lesions.label[at] = LESION_LABEL.consolidation;
      else if (lesions.label[at] === 0) lesions.label[at] = LESION_LABEL.groundGlass;
    }
  }
  return lesions;
}

function drawFoci(lungs: Lungs, random: RandomSource): Focus[] {
  const share = skewed(random, 0.046, 0.1);
  const lobe = LOBES[random.weighted([3, 1, 5, 3, 5])] as Lobe; // lower lobes most often
  const main = drawFocus(lungs, lobe, share, random);
  if (!random.chance(0.35)) return [main];
  const second = random.between(0.15, 0.24);
  const others = LOBES.filter((other) => other !== lobe);
  return [
    { ...main, share: share * (1 - second) },
    drawFocus(lungs, others[random.integer(others.length)] as Lobe, share * second, random),
  ];
}

function drawFocus(lungs: Lungs, lobe: Lobe, share: number, random: RandomSource): Focus {
  for (;;) {
    const centre = anyPoint(lungs, lobe.startsWith("right") ? "right" : "left", random);
    const { x, y, z } = centre;
    if (lungDistance(lungs, x, y, z) > -8 || lobeAt(lungs.anatomy, x, y, z) !== lobe) continue;
    const depth = -costalDistance(lungs, thoraxSlice(lungs.anatomy, z), x, y, z);
    if (depth > 42) continue;
    const stretch = { x: random.between(0.85, 1.2), y: random.between(0.85, 1.2), z: random.between(0.75, 1.15) };
    return { lobe, centre, stretch, share };
  }
}

/** @returns the place in LOBES of each lung voxel's lobe; fissures are a little uneven */
function lobesOf(lungs: Lungs, space: Space, field: LungField, wobble: Float32Array): Uint8Array {
  const lobes = new Uint8Array(space.count);
  for (const at of field.voxels) {
    const z = zOf(space, at) + 2.5 * (wobble[at] as number);
    lobes[at] = LOBES.indexOf(lobeAt(lungs.anatomy, xOf(space, at), yOf(space, at), z));
  }
  return lobes;
}
