import { RandomSource } from "@multirnet/base";

export interface EpochKey {
  /** The run's seed. */
  readonly seed: number;
  readonly epoch: number;
}

/**
 * @param key `group`: of which the cases are a part, where not all are ordered together
 * @returns every case once, in the order of this epoch; the order of the list that comes in matters, so keep it fixed
 */
export function epochOrder<C>(
  cases: readonly C[],
  { seed, epoch, group }: EpochKey & { readonly group?: string },
): C[] {
  const random = new RandomSource(seed, "epoch order", epoch);
  return (group === undefined ? random : random.derive(group)).shuffled(cases);
}

/** @returns the cases in groups of `size`; the last may be smaller, so that an epoch visits each case once */
export function batches<C>(cases: readonly C[], size: number): C[][] {
  return Array.from({ length: Math.ceil(cases.length / size) }, (_, i) => cases.slice(i * size, (i + 1) * size));
}
