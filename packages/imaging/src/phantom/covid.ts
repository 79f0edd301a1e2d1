import type { RandomSource } from "@multirnet/base";

import type { Xyz } from "../volume.js";

import {
  costalDistance,
  frameAlong,
  lungDistance,
  LUNG_LABEL,
  thoraxSlice,
  type LungField,
  type Lungs,
  type Side,
} from "./lungs.js";
import { FAR_MM, insideShare, LESION_LABEL, noLesions, scoreOfSmallest, skewed, type Lesions } from "./lesions.js";
import { smoothNoise } from "./noise.js";
import type { Space } from "./space.js";
import { anyPoint } from "./tree.js";

/** A patch under the pleura: an ellipsoid, flat along the chest wall. */
interface Patch {
  readonly side: Side;
  readonly centre: Xyz;
  readonly axes: readonly [Xyz, Xyz, Xyz]; // the first looks out of the lung
  readonly radii: Xyz;
}

/**
 * COVID-19: several patches of ground glass under the pleura of both lungs, more at the back and below, some with consolidation
 * inside (Bernheim et al., Radiology 2020; Pan et al., Radiology 2020). 5 to 12 % of the lung.
 */
export function covidLesions(lungs: Lungs, space: Space, field: LungField, random: RandomSource): Lesions {
  const draw = random.derive("patches");
  const share = skewed(draw, 0.048, 0.12);
  const right = draw.between(0.36, 0.64);
  const reachMm = draw.between(17, 24);
  const dense = draw.chance(0.75) ? draw.between(0.12, 0.32) : 0;
  const softMm = draw.between(5, 8);
  const patches = (["right", "left"] as const).flatMap((side) => {
    const count = 2 + draw.integer(3);
    return Array.from({ length: count }, () => drawPatch(lungs, side, draw));
  });
  const scores = patchScores(space, patches, lungs.anatomy.mediastinumX);
  const rough = smoothNoise(space, 16, random.derive("outline"));
  const fringe = smoothNoise(space, 7, random.derive("fringe"));
  for (const at of field.voxels) {
    if ((scores[at] as number) >= FAR_MM) continue;
    const depth = -(field.costal[at] as number);
    scores[at] =
      (scores[at] as number) +
      4.5 * (rough[at] as number) +
      1.3 * (fringe[at] as number) +
      2 * Math.max(0, depth - reachMm);
  }

  const lesions = noLesions(space.count);
  const inLesion: number[] = [];
  for (const side of ["right", "left"] as const) {
    const voxels = field.voxels.filter((at) => field.label[at] === LUNG_LABEL[side]);
    const edge = scoreOfSmallest(scores, voxels, field.voxels.length * share * (side === "right" ? right : 1 - right));
    for (const at of voxels) {
      lesions.groundGlass[at] = insideShare(edge, scores[at] as number, softMm);
      if ((scores[at] as number) > edge) continue;
      lesions.label[at] = LESION_LABEL.groundGlass;
      inLesion.push(at);
    }
  }
  if (dense === 0) return lesions;
  const kernel = smoothNoise(space, 12, random.derive("kernels"));
  const depth = new Float32Array(space.count).fill(FAR_MM);
  for (const at of inLesion) depth[at] = (scores[at] as number) + 6 * (kernel[at] as number);
  const edge = scoreOfSmallest(depth, Int32Array.from(inLesion), inLesion.length * dense);
  for (const at of inLesion) {
    lesions.consolidation[at] = insideShare(edge, depth[at] as number, softMm);
    if ((depth[at] as number) <= edge) lesions.label[at] = LESION_LABEL.consolidation;
  }
  return lesions;
}

function drawPatch(lungs: Lungs, side: Side, random: RandomSource): Patch {
  const { thorax, lungHeight, apexZ } = lungs.anatomy;
  for (;;) {
    const centre = anyPoint(lungs, side, random);
    const { x, y, z } = centre;
    const likely = 0.55 + 0.25 * Math.max(0, y / thorax.halfDepth) + 0.2 * ((apexZ - z) / lungHeight);
    if (!random.chance(likely) || lungDistance(lungs, x, y, z) > -4) continue;
    const costal = (px: number, py: number, pz: number): number =>
      costalDistance(lungs, thoraxSlice(lungs.anatomy, pz), px, py, pz);
    const depth = -costal(x, y, z);
    if (depth > 10) continue;
    const outward = {
      x: costal(x + 2, y, z) - costal(x - 2, y, z),
      y: costal(x, y + 2, z) - costal(x, y - 2, z),
      z: costal(x, y, z + 2) - costal(x, y, z - 2),
    };
    const radius = random.between(22, 38);
    return {
      side,
      centre,
      axes: frameAlong(outward),
      radii: {
        x: radius * random.between(0.6, 0.8),
        y: radius * random.between(0.9, 1.4),
        z: radius * random.between(0.9, 1.3),
      },
    };
  }
}

/** @returns mm outside the nearest patch, negative inside, on that patch's side of the chest */
function patchScores(space: Space, patches: readonly Patch[], mediastinumX: number): Float32Array {
  const { size, spacingMm, firstMm } = space;
  const scores = new Float32Array(space.count).fill(FAR_MM);
  for (const { side, centre, axes, radii } of patches) {
    const [a, b, c] = axes;
    const mean = (radii.x + radii.y + radii.z) / 3;
    const reach = 2.4 * Math.max(radii.x, radii.y, radii.z);
    const low = (axis: keyof Xyz): number =>
      Math.max(0, Math.ceil((centre[axis] - reach - firstMm[axis]) / spacingMm[axis]));
    const high = (axis: keyof Xyz): number =>
      Math.min(size[axis] - 1, Math.floor((centre[axis] + reach - firstMm[axis]) / spacingMm[axis]));
    const [x0, x1, y0, y1] = [low("x"), high("x"), low("y"), high("y")];
    for (let k = low("z"); k <= high("z"); k++) {
      const pz = firstMm.z + k * spacingMm.z - centre.z;
      for (let j = y0; j <= y1; j++) {
        const py = firstMm.y + j * spacingMm.y - centre.y;
        const row = size.x * (j + size.y * k);
        for (let i = x0; i <= x1; i++) {
          const x = firstMm.x + i * spacingMm.x;
          if (x < mediastinumX !== (side === "right")) continue;
          const px = x - centre.x;
          const u = (px * a.x + py * a.y + pz * a.z) / radii.x;
          const v = (px * b.x + py * b.y + pz * b.z) / radii.y;
          const w = (px * c.x + py * c.y + pz * c.z) / radii.z;
          const score = (Math.sqrt(u * u + v * v + w * w) - 1) * mean;
          if (score < (scores[row + i] as number)) scores[row + i] = score;
        }
      }
    }
  }
  return scores;
}
