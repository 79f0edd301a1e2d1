import type { Tensor } from "@multirnet/engine";

/**
 * Linear resampling over space to another size: bilinear for N×C×H×W, trilinear for N×C×D×H×W.
 *
 * @param options `alignCorners`: whether the outermost centres stay where they are, or (the default) the outermost edges
 */
export function resize(
  x: Tensor,
  size: readonly number[],
  { alignCorners = false }: { readonly alignCorners?: boolean } = {},
): Tensor {
  return x.shape.length === 4 ? x.upsampleBilinear2d(size, alignCorners) : x.upsampleTrilinear3d(size, alignCorners);
}

/** Each side `factor` times as long. */
export function enlarge(x: Tensor, factor: number, options: { readonly alignCorners?: boolean } = {}): Tensor {
  return resize(
    x,
    x.shape.slice(2).map((side) => side * factor),
    options,
  );
}
