import type { Xyz } from "@multirnet/imaging";

/**
 * A scan as slices about `factor` times as thick would show it, brought back to its own slices: each thick one is the mean of what lies in it, and between
 * the middles of two the image is linear. Whole thick slices fill the scan, so the factor is rounded to the nearest for which they do; before the first
 * middle and behind the last the nearest counts.
 *
 * @param image x fastest @param factor of the thickness, 1 or more @returns a new image
 */
export function thickened(image: Float32Array, { x, y, z: depth }: Xyz, factor: number): Float32Array {
  const thick = Math.max(1, Math.round(depth / factor));
  const height = depth / thick; // of a thick slice, in thin ones: whole thick slices fill the scan
  const plane = x * y;
  const stack = new Float32Array(thick * plane);
  for (let slice = 0; slice < thick; slice++) {
    const [from, to] = [slice * height, (slice + 1) * height];
    for (let thin = Math.floor(from); thin < Math.min(depth, Math.ceil(to - 1e-9)); thin++) {
      const share = (Math.min(to, thin + 1) - Math.max(from, thin)) / height;
      addScaled(
        stack.subarray(slice * plane, (slice + 1) * plane),
        image.subarray(thin * plane, (thin + 1) * plane),
        share,
      );
    }
  }
  const result = new Float32Array(image.length);
  for (let thin = 0; thin < depth; thin++) {
    const at = Math.min(thick - 1, Math.max(0, (thin + 0.5) / height - 0.5)); // where its middle lies between those of thick ones
    const below = Math.floor(at);
    const target = result.subarray(thin * plane, (thin + 1) * plane);
    addScaled(target, stack.subarray(below * plane, (below + 1) * plane), 1 - (at - below));
    if (at > below) addScaled(target, stack.subarray((below + 1) * plane, (below + 2) * plane), at - below);
  }
  return result;
}

function addScaled(target: Float32Array, values: Float32Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] as number) + factor * (values[i] as number);
}
