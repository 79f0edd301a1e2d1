import type { RandomSource } from "@multirnet/base";

/** What lesions a phantom has, as shares of each voxel (soft at the edges) and as labels (sharp). */
export interface Lesions {
  readonly groundGlass: Float32Array; // 0 to 1, in and around both kinds
  readonly consolidation: Float32Array; // 0 to 1
  readonly label: Uint8Array; // 0, or as LESION_LABEL
}

export const LESION_LABEL = { groundGlass: 1, consolidation: 2 } as const;

export function noLesions(count: number): Lesions {
  return { groundGlass: new Float32Array(count), consolidation: new Float32Array(count), label: new Uint8Array(count) };
}

/** Far from any lesion, in the mm of a score. */
export const FAR_MM = 1e3;

/**
 * @param scores smaller is deeper in the lesion; FAR_MM is never taken
 * @returns the score below which `count` of the places in `voxels` lie, so that a lesion gets the volume it was drawn with
 */
export function scoreOfSmallest(scores: Float32Array, voxels: Int32Array, count: number): number {
  const near = new Float32Array(voxels.length);
  let found = 0;
  for (const at of voxels) {
    const score = scores[at] as number;
    if (score < FAR_MM) near[found++] = score;
  }
  if (found === 0 || count < 1) return -FAR_MM;
  return near.subarray(0, found).sort()[Math.min(found, Math.ceil(count)) - 1] as number;
}

/** @returns how much of a voxel lies inside a lesion whose edge is `softMm` wide: 1 well inside, ½ on the edge */
export function insideShare(edge: number, score: number, softMm: number): number {
  const t = Math.max(0, Math.min(1, 0.5 + (edge - score) / softMm));
  return t * t * (3 - 2 * t);
}

/** @returns a number in [low, high), the lower ones more often: most patients have little disease */
export function skewed(random: RandomSource, low: number, high: number): number {
  const t = random.uniform();
  return low + (high - low) * t * t;
}
