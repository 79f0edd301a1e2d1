import { asProbabilities, probabilitiesOf, type Logits, type Probabilities } from "@multirnet/engine";

/**
 * The probability that a voxel has any of K independent lesion types, 1 − Π_k (1 − σ(logit_k)).
 *
 * @param logits N×K×D×H×W @returns N×1×D×H×W
 */
export function unionProbability(logits: Logits): Probabilities {
  const probabilities = probabilitiesOf(logits);
  const types = logits.shape[1] ?? 1;
  if (types === 1) return probabilities;
  let none = probabilities.narrow(1, 0, 1).neg().add(1);
  for (let type = 1; type < types; type++) none = none.mul(probabilities.narrow(1, type, 1).neg().add(1));
  return asProbabilities(none.neg().add(1));
}
