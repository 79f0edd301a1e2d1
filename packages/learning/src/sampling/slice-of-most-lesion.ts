import type { RegionSlice } from "@multirnet/report";

import type { Region } from "./region.js";

/**
 * The slice of a region with the most voxels of lesion; the middle one where there is none.
 *
 * @param probability of each voxel of the region, where a network has said one
 */
export function sliceOfMostLesion(
  { image, mask, size }: Region,
  probability?: Float32Array,
): RegionSlice & { readonly z: number } {
  const plane = size.x * size.y;
  let [z, most] = [Math.floor(size.z / 2), 0];
  for (let slice = 0; slice < size.z; slice++) {
    let count = 0;
    for (let i = slice * plane; i < (slice + 1) * plane; i++) if ((mask?.[i] ?? 0) > 0) count++;
    if (count > most) [z, most] = [slice, count];
  }
  const of = <A extends Float32Array | Uint8Array>(values: A): A => values.subarray(z * plane, (z + 1) * plane) as A;
  return {
    z,
    width: size.x,
    height: size.y,
    image: of(image),
    truth: mask === undefined ? undefined : of(mask),
    probability: probability === undefined ? undefined : of(probability),
  };
}
