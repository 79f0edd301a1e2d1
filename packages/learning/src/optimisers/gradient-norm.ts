import { foreachMulScalarInPlace, scope, withoutGradients, type Tensor } from "@multirnet/engine";

/**
 * Scales gradients down, in place, so that their norm, of all together, is `most` at most (Pascanu et al., ICML 2013).
 *
 * @returns the norm before
 */
export function clipGradients(gradients: readonly (Tensor | undefined)[], most: number): number {
  const known = gradients.filter((gradient) => gradient !== undefined);
  return withoutGradients(() =>
    scope(() => {
      const squares = known.map((gradient) => gradient.mul(gradient).sum(undefined).item());
      const norm = Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
      if (norm > most) foreachMulScalarInPlace(known, most / norm);
      return norm;
    }),
  );
}
