import { z } from "zod";

/** How the learning rate changes over a run. */
export const scheduleSchema = z
  .enum(["constant", "poly"])
  .default("constant")
  .describe("learning rate: constant, or falling by (1 − t)^0.9");
export type Schedule = z.infer<typeof scheduleSchema>;

const POLY_POWER = 0.9; // as nnU-Net, Isensee et al. 2021

/** @param progress the share of the run's steps that are done, [0, 1) @returns the factor on the learning rate */
export function rateFactor(schedule: Schedule, progress: number): number {
  switch (schedule) {
    case "constant":
      return 1;
    case "poly":
      return (1 - progress) ** POLY_POWER;
  }
}
