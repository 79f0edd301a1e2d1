import type { RandomSource } from "@multirnet/base";

import type { Anatomy } from "./anatomy.js";
import { SURFACE_MARGIN_MM, type LungField } from "./lungs.js";
import type { Space } from "./space.js";

/** How one patient's lungs look without disease; the same draw whatever the diagnosis. */
export interface Parenchyma {
  readonly baseHu: number; // in the middle of the lung
  readonly gradientHu: number; // how much denser the back is than the front: gravity
  readonly mosaicHu: number; // patchy air content
  readonly grainHu: number; // what is too small to see
  readonly dependentHu: number; // collapsed strip along the back, not a lesion
  readonly dependentMm: number; // its thickness
  readonly bands: readonly Band[]; // plate-like collapse above the diaphragm, not a lesion
}

/** A thin plate in the lung, tilted, at height `z` over (x, y) = 0. */
export interface Band {
  readonly side: -1 | 1;
  readonly z: number;
  readonly slopeX: number;
  readonly slopeY: number;
  readonly halfMm: number;
  readonly hu: number;
}

/** Base density −870 to −700 HU from a full breath to one let out, as lungs are scanned. */
export function drawParenchyma({ exhaled, domeZ }: Anatomy, random: RandomSource): Parenchyma {
  const bands: Band[] = [];
  for (const side of [-1, 1] as const) {
    if (!random.chance(0.6)) continue;
    bands.push({
      side,
      z: domeZ.right + random.between(-8, 22),
      slopeX: random.between(-0.3, 0.3),
      slopeY: random.between(-0.35, 0.1),
      halfMm: random.between(1.5, 4),
      hu: random.between(300, 600),
    });
  }
  return {
    baseHu: -870 + 150 * exhaled + random.between(0, 20),
    gradientHu: random.between(60, 100) + 150 * exhaled,
    mosaicHu: random.between(14, 36),
    grainHu: random.between(10, 26),
    dependentHu: random.chance(0.95) ? random.between(420, 850) : 0,
    dependentMm: random.between(20, 32),
    bands,
  };
}

/**
 * Healthy lung tissue in HU at every lung voxel and a margin around: base, gravity's gradient, mosaic and grain, dependent
 * strips and plates. Vessels and airways come later.
 *
 * @param coarse noise of variance 1 in the scale of lobules @param fine the same in the scale of small vessels
 */
export function paintParenchyma(
  { thorax, domeZ }: Anatomy,
  look: Parenchyma,
  space: Space,
  field: LungField,
  coarse: Float32Array,
  fine: Float32Array,
): Float32Array {
  const { size, spacingMm, firstMm, edgeMm } = space;
  const hu = new Float32Array(space.count);
  let at = 0;
  for (let k = 0; k < size.z; k++) {
    const z = firstMm.z + k * spacingMm.z;
    const low = Math.max(0.25, Math.min(1, 0.5 - (z - domeZ.right - 40) / 120));
    for (let j = 0; j < size.y; j++) {
      const y = firstMm.y + j * spacingMm.y;
      const back = y / thorax.halfDepth;
      const facing = Math.max(0, Math.min(1, (back - 0.05) / 0.45)) * low;
      for (let i = 0; i < size.x; i++, at++) {
        if ((field.distance[at] as number) > edgeMm + SURFACE_MARGIN_MM) continue;
        let value =
          look.baseHu +
          look.gradientHu * 0.5 * back +
          look.mosaicHu * (coarse[at] as number) +
          look.grainHu * (fine[at] as number);
        if (look.dependentHu > 0 && facing > 0) {
          const thick = look.dependentMm * (1 + 0.2 * (coarse[at] as number));
          const share = 1 + (field.costal[at] as number) / thick; // 1 at the pleura, 0 at the strip's inner edge
          if (share > 0) value += look.dependentHu * facing * Math.min(1, 1.4 * share);
        }
        for (const band of look.bands) {
          const x = firstMm.x + i * spacingMm.x;
          if (x * band.side < 0) continue;
          const off = Math.abs(z - band.z - band.slopeX * x - band.slopeY * y) - band.halfMm;
          const share = Math.max(0, Math.min(1, 0.5 - off / edgeMm));
          const near = Math.max(0, Math.min(1, 1 + ((field.costal[at] as number) + 6) / 40));
          value += band.hu * share * near * Math.min(1, (2 * band.halfMm) / edgeMm);
        }
        hu[at] = Math.min(20, value);
      }
    }
  }
  return hu;
}
