import { voxelMl, type Volume } from "@multirnet/imaging";

import { EvaluationError } from "../errors.js";
import { labelMask } from "../masks/label-mask.js";
import { maskPair } from "../masks/mask-pair.js";
import { noScore, scoreOf, toJson, type Score, type ScoreJson } from "../score.js";
import { lesionScoresOf, type LesionOptions, type LesionScores } from "./lesions.js";
import { precision, sensitivity, volumeDifferencePercent, volumetricDice } from "./overlap.js";
import {
  averageSurfaceDistanceMm,
  averageSurfaceOverlap,
  hausdorff95Mm,
  surfaceDice,
  surfacesOf,
} from "./surface-distance.js";
import { averageVoxelSurfaceDistanceMm, hausdorff95VoxelMm, voxelSurfacesOf } from "./voxel-surface-distance.js";

export interface SegmentationOptions {
  /** For S-DSC and ASO; the first is the one that `sdsc` and `aso` stand for. Default: 1 mm alone, the paper's. */
  readonly tolerancesMm?: readonly number[];
  /** One label value in both masks; without it every value above 0 counts. */
  readonly label?: number;
  /** From an estimated spacing no volume in ml is reported. Distances are, in its millimetres. Default: measured. */
  readonly spacing?: "measured" | "estimated";
  /** When a lesion counts as found or right. */
  readonly lesions?: LesionOptions;
}

export interface ToleranceScores {
  readonly toleranceMm: number;
  readonly sdsc: Score;
  readonly aso: Score;
}

/** All scores of one case's masks. */
export interface SegmentationScores {
  readonly vdsc: Score;
  readonly sdsc: Score; // at the first tolerance
  readonly aso: Score; // at the first tolerance
  readonly tolerances: readonly ToleranceScores[]; // at each tolerance, in the order asked for
  readonly asdMm: Score;
  readonly asdVoxelMm: Score;
  readonly hd95Mm: Score;
  readonly hd95VoxelMm: Score;
  readonly sensitivity: Score;
  readonly precision: Score;
  readonly truthMl: Score;
  readonly predictionMl: Score;
  readonly volumeDifferenceMl: Score; // prediction minus truth
  readonly absoluteVolumeDifferenceMl: Score;
  readonly volumeDifferencePercent: Score; // of the truth
  readonly absoluteVolumeDifferencePercent: Score;
  readonly lesions: LesionScores;
}

/**
 * All scores of a case, from one pass over the surfaces of each form.
 *
 * @throws EvaluationError EVALUATION_VOXELS_MISSING, EVALUATION_SPACING_INVALID,
 *   EVALUATION_LABEL_INVALID, EVALUATION_TOLERANCE_INVALID, EVALUATION_TOLERANCES_MISSING, EVALUATION_SHARE_INVALID
 */
export function segmentationScores(
  truth: Volume<"label">,
  prediction: Volume<"label">,
  options: SegmentationOptions = {},
): SegmentationScores {
  const { tolerancesMm = [1], label, spacing = "measured" } = options;
  const pair =
    label === undefined ? maskPair(truth, prediction) : maskPair(labelMask(truth, label), labelMask(prediction, label));
  const elements = surfacesOf(pair);
  const voxels = voxelSurfacesOf(pair);
  const tolerances = tolerancesMm.map((toleranceMm) => ({
    toleranceMm,
    sdsc: surfaceDice(elements, toleranceMm),
    aso: averageSurfaceOverlap(elements, toleranceMm),
  }));
  const headline = tolerances[0];
  if (headline === undefined) throw new EvaluationError({ code: "EVALUATION_TOLERANCES_MISSING" });
  const ml = (count: number): Score =>
    spacing === "estimated" ? noScore("spacing is estimated") : scoreOf(count * voxelMl(truth.grid));
  const percent = volumeDifferencePercent(pair);
  return {
    vdsc: volumetricDice(pair),
    sdsc: headline.sdsc,
    aso: headline.aso,
    tolerances,
    asdMm: averageSurfaceDistanceMm(elements),
    asdVoxelMm: averageVoxelSurfaceDistanceMm(voxels),
    hd95Mm: hausdorff95Mm(elements),
    hd95VoxelMm: hausdorff95VoxelMm(voxels),
    sensitivity: sensitivity(pair),
    precision: precision(pair),
    truthMl: ml(pair.truthVoxels),
    predictionMl: ml(pair.predictionVoxels),
    volumeDifferenceMl: ml(pair.predictionVoxels - pair.truthVoxels),
    absoluteVolumeDifferenceMl: ml(Math.abs(pair.predictionVoxels - pair.truthVoxels)),
    volumeDifferencePercent: percent,
    absoluteVolumeDifferencePercent: percent.kind === "value" ? scoreOf(Math.abs(percent.value)) : percent,
    lesions: lesionScoresOf(pair, options.lesions),
  };
}

/** The names of the scores that are one number a case. */
export type ScoreName = Exclude<keyof SegmentationScores, "tolerances" | "lesions">;

/** The scores of a case for JSON, under the same names. */
export type SegmentationJson = { readonly [N in ScoreName]: ScoreJson } & {
  readonly tolerances: readonly { readonly toleranceMm: number; readonly sdsc: ScoreJson; readonly aso: ScoreJson }[];
  readonly lesions: { readonly [N in keyof LesionScores]: LesionScores[N] extends Score ? ScoreJson : LesionScores[N] };
};

export function segmentationJson(scores: SegmentationScores): SegmentationJson {
  const { tolerances, lesions, ...single } = scores;
  return {
    ...mapScores(single, toJson),
    tolerances: tolerances.map(({ toleranceMm, sdsc, aso }) => ({
      toleranceMm,
      sdsc: toJson(sdsc),
      aso: toJson(aso),
    })),
    lesions: {
      ...lesions,
      recall: toJson(lesions.recall),
      precision: toJson(lesions.precision),
      f1: toJson(lesions.f1),
    },
  };
}

function mapScores<N extends string, T>(
  scores: { readonly [K in N]: Score },
  by: (score: Score) => T,
): { readonly [K in N]: T } {
  const entries = Object.entries<Score>(scores).map(([name, score]) => [name, by(score)] as const);
  return Object.fromEntries(entries) as { readonly [K in N]: T };
}

/**
 * Of the cases whose truth is empty the share whose prediction is empty too: the only place where two empty masks count.
 * Undefined without such a case.
 */
export function specificityOverCases(cases: readonly Pick<SegmentationScores, "sensitivity">[]): Score {
  const because = cases.map(({ sensitivity: score }) => (score.kind === "undefined" ? score.because : undefined));
  const right = because.filter((reason) => reason === "both are empty").length;
  const wrong = because.filter((reason) => reason === "truth is empty").length;
  return right + wrong === 0 ? noScore("no lesion-free case") : scoreOf(right / (right + wrong));
}
