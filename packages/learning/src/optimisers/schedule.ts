/** How the learning rate falls over a run, once it has warmed up. */
export const SCHEDULES = ["constant", "poly", "cosine", "plateau"] as const;
export type Schedule = (typeof SCHEDULES)[number];

const POLY_POWER = 0.9; // as nnU-Net, Isensee et al. 2021

/**
 * The factor on the learning rate of a step. It rises evenly over the first `warmUp` steps, and then falls over the rest: poly by (1 − t)^0.9, cosine by
 * (1 + cos πt) / 2 (Loshchilov and Hutter, ICLR 2017, without restarts). What a plateau takes off is the caller's.
 *
 * @param step from 0 @param steps of the whole run
 */
export function rateFactor(
  { schedule, warmUp }: { readonly schedule: Schedule; readonly warmUp: number },
  { step, steps }: { readonly step: number; readonly steps: number },
): number {
  if (step < warmUp) return (step + 1) / (warmUp + 1);
  const t = (step - warmUp) / Math.max(1, steps - warmUp);
  switch (schedule) {
    case "constant":
    case "plateau":
      return 1;
    case "poly":
      return (1 - t) ** POLY_POWER;
    case "cosine":
      return (1 + Math.cos(Math.PI * t)) / 2;
  }
}
