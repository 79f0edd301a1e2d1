import type { OptimiserSettings } from "../config/optimiser.js";
import type { Position } from "./state.js";

/**
 * What a plateau has left of the learning rate after an epoch: where no validation was better for as many epochs as its patience, the factor falls, and the
 * count begins anew.
 *
 * @returns undefined for another schedule
 */
export function plateauAfter(
  before: Position["plateau"],
  { schedule, plateau }: Pick<OptimiserSettings, "schedule" | "plateau">,
  { epoch, better }: { readonly epoch: number; readonly better: boolean },
): Position["plateau"] {
  if (schedule !== "plateau" || plateau === undefined) return undefined;
  const { factor, since } = before ?? { factor: 1, since: -1 };
  if (better) return { factor, since: epoch };
  return epoch - since < plateau.patience ? { factor, since } : { factor: factor * plateau.factor, since: epoch };
}
