import type { TrainConfig } from "../config/train-config.js";
import type { CaseEntry } from "../dataset/index.js";
import type { JointSettings } from "../losses/index.js";

/**
 * The loss of an epoch: λ as it stands then, and a weight for each class.
 *
 * @param classes of the network's diagnosis @param cases that are trained on
 */
export function lossIn(
  { loss }: Pick<TrainConfig, "loss">,
  { epoch, classes, cases }: { epoch: number; classes: readonly string[]; cases: readonly CaseEntry[] },
): JointSettings {
  const { lambda, classWeights, ...rest } = loss;
  return {
    ...rest,
    lambda: typeof lambda === "number" ? lambda : between(lambda, epoch),
    classWeights: classWeights === undefined ? undefined : weightsOf(classWeights, classes, cases),
  };
}

function between({ from, to, epochs }: { from: number; to: number; epochs: number }, epoch: number): number {
  return from + (to - from) * Math.min(1, epoch / epochs);
}

/** Balanced: cases · (1 / classes) / cases of the class, so that the mean weight of a case is 1; a class that no case has weighs 1. */
function weightsOf(
  weights: NonNullable<TrainConfig["loss"]["classWeights"]>,
  classes: readonly string[],
  cases: readonly CaseEntry[],
): number[] {
  if (weights !== "balanced") return classes.map((name) => weights[name] ?? 1);
  const counts = classes.map((name) => cases.filter(({ diagnosis }) => diagnosis === name).length);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const seen = counts.filter((count) => count > 0).length;
  return counts.map((count) => (count === 0 ? 1 : total / (seen * count)));
}
