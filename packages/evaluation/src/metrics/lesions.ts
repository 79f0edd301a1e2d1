import { connectedComponents, type Volume } from "@multirnet/imaging";

import { EvaluationError } from "../errors.js";
import { maskPair, type MaskPair } from "../masks/mask-pair.js";
import { emptiness, noScore, overlapScore, scoreOf, type Score } from "../score.js";

export interface LesionOptions {
  /** A truth lesion is found when at least this share of it is covered by the prediction. Default 0.1. */
  readonly foundShare?: number;
  /** A predicted lesion is right when at least this share of it lies on the truth. Default 0.1. */
  readonly rightShare?: number;
}

/** Detection lesion by lesion, whatever their size. */
export interface LesionScores {
  readonly recall: Score; // found truth lesions over truth lesions
  readonly precision: Score; // right predicted lesions over predicted lesions
  readonly f1: Score; // harmonic mean of the two; 0 where one mask is empty or both are 0
  readonly truthLesions: number;
  readonly foundLesions: number;
  readonly predictedLesions: number;
  readonly rightLesions: number;
}

/**
 * Lesions are 26-connected pieces of a mask.
 *
 * @throws EvaluationError EVALUATION_SHARE_INVALID, EVALUATION_VOXELS_MISSING,
 *   EVALUATION_SPACING_INVALID
 */
export function lesionScores(
  truth: Volume<"label">,
  prediction: Volume<"label">,
  options: LesionOptions = {},
): LesionScores {
  return lesionScoresOf(maskPair(truth, prediction), options);
}

/** As `lesionScores`, of masks that are already cut to their box. */
export function lesionScoresOf(pair: MaskPair, options: LesionOptions = {}): LesionScores {
  const { foundShare = 0.1, rightShare = 0.1 } = options;
  for (const [option, share] of Object.entries({ foundShare, rightShare })) {
    if (!(share > 0 && share <= 1)) throw new EvaluationError({ code: "EVALUATION_SHARE_INVALID", option, share });
  }
  const truth = piecesCovered(pair, pair.truth, pair.prediction, foundShare);
  const prediction = piecesCovered(pair, pair.prediction, pair.truth, rightShare);
  const empty = emptiness(truth.pieces, prediction.pieces);
  const recall = truth.covered / truth.pieces;
  const precision = prediction.covered / prediction.pieces;
  return {
    recall: truth.pieces > 0 ? scoreOf(recall) : noScore(empty ?? "truth is empty"),
    precision: prediction.pieces > 0 ? scoreOf(precision) : noScore(empty ?? "prediction is empty"),
    f1: overlapScore(truth.pieces, prediction.pieces, () =>
      recall + precision > 0 ? (2 * recall * precision) / (recall + precision) : 0,
    ),
    truthLesions: truth.pieces,
    foundLesions: truth.covered,
    predictedLesions: prediction.pieces,
    rightLesions: prediction.covered,
  };
}

/** How many pieces a mask has, and how many of them another mask covers by at least `share`. */
function piecesCovered(
  pair: MaskPair,
  mask: Uint8Array,
  cover: Uint8Array,
  share: number,
): { readonly pieces: number; readonly covered: number } {
  const { labels, components } = connectedComponents({ meaning: "label", grid: pair.grid, voxels: mask }, 26);
  const shared = new Uint32Array(components.length + 1);
  for (let i = 0; i < labels.length; i++) {
    if ((cover[i] as number) > 0) {
      const label = labels[i] as number;
      shared[label] = (shared[label] as number) + 1;
    }
  }
  // Shares are compared as counts with a hair of room: a tenth of 30 voxels is 3, however 0.1 · 30 rounds.
  const covered = components.filter(({ label, voxels }) => (shared[label] as number) >= share * voxels * (1 - 1e-12));
  return { pieces: components.length, covered: covered.length };
}
