import { lossSchema } from "../config/loss.js";
import type { JointSettings } from "../losses/index.js";

/** A config's loss with what it leaves out filled in, as it stands in every epoch. */
export function jointSettings(given: object = {}): JointSettings {
  const { lambda, classWeights, ...rest } = lossSchema.parse(given);
  if (typeof lambda !== "number" || classWeights !== undefined)
    throw new Error("a loss that depends on more than itself");
  return { ...rest, lambda };
}
