import { noScore, overlapScore, scoreOf, type Score } from "../score.js";

/** How many voxels two masks hold, and how many both. */
export interface Overlap {
  readonly truthVoxels: number;
  readonly predictionVoxels: number;
  readonly sharedVoxels: number;
}

/** Volumetric Dice, `2·|P ∩ G| / (|P| + |G|)`; 0 where one mask is empty. */
export function volumetricDice({ truthVoxels, predictionVoxels, sharedVoxels }: Overlap): Score {
  return overlapScore(truthVoxels, predictionVoxels, () => (2 * sharedVoxels) / (truthVoxels + predictionVoxels));
}

/** The share of the truth that was found, `|P ∩ G| / |G|`. */
export function sensitivity({ truthVoxels, predictionVoxels, sharedVoxels }: Overlap): Score {
  if (truthVoxels > 0) return scoreOf(sharedVoxels / truthVoxels);
  return noScore(predictionVoxels > 0 ? "truth is empty" : "both are empty");
}

/** The share of the prediction that is right, `|P ∩ G| / |P|`. */
export function precision({ truthVoxels, predictionVoxels, sharedVoxels }: Overlap): Score {
  if (predictionVoxels > 0) return scoreOf(sharedVoxels / predictionVoxels);
  return noScore(truthVoxels > 0 ? "prediction is empty" : "both are empty");
}

/** Prediction minus truth in percent of the truth's volume. */
export function volumeDifferencePercent({ truthVoxels, predictionVoxels }: Overlap): Score {
  if (truthVoxels > 0) return scoreOf((100 * (predictionVoxels - truthVoxels)) / truthVoxels);
  return noScore(predictionVoxels > 0 ? "truth is empty" : "both are empty");
}
