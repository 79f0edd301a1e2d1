import type { NotGiven } from "@multirnet/base";
import {
  clopperPearson,
  diagnosisJson,
  diagnosisScores,
  meanScore,
  meanScoreJson,
  segmentationJson,
  segmentationScores,
  specificityOverCases,
  type DiagnosisJson,
  type MeanScoreJson,
  type SegmentationJson,
  type SegmentationScores,
} from "@multirnet/evaluation";
import { likeliest, passesOf, type LoadedModel } from "@multirnet/inference";
import type { Volume } from "@multirnet/imaging";

import { type CaseEntry, type Dataset } from "../dataset/index.js";
import { LOOKS, type Looked, type MeasuredRegion } from "./look.js";
import { namedScores } from "./named-scores.js";

const TOLERANCES_MM = [1, 3]; // the paper's, and one for masks that are only good to a voxel or two

/** One case as it was measured. */
export interface MeasuredCase {
  readonly case: string;
  readonly segmentation?: SegmentationJson; // of all lesions together
  readonly types?: Readonly<Record<string, SegmentationJson>>; // of each lesion type, where the model tells several apart
  readonly diagnosis?: {
    readonly truth: string;
    readonly prediction: string;
    readonly probabilities: Readonly<Record<string, number>>;
  };
}

type SegmentationMeans = Readonly<Record<string, MeanScoreJson>>;

/** The keys of `evaluate --json`. */
export interface Measured {
  readonly segmentation: SegmentationMeans | NotGiven;
  readonly types?: Readonly<Record<string, SegmentationMeans | NotGiven>>; // of each lesion type, where the model tells several apart
  readonly classification: DiagnosisJson | NotGiven;
  readonly cases: readonly MeasuredCase[];
}

/** A case with its scores as they are, from which means are made. */
export interface ScoredCase extends MeasuredCase {
  readonly scores?: SegmentationScores;
  readonly typeScores?: Readonly<Record<string, SegmentationScores>>;
}

export interface MeasureOptions {
  readonly region?: MeasuredRegion | undefined; // whole unless given
  readonly passes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onCase?: ((done: number, of: number, name: string) => void) | undefined;
  /** Called with what was found in each case, to be stored or drawn. */
  readonly onFinding?: ((entry: CaseEntry, lesions: Volume<"label">) => Promise<void>) | undefined;
}

/**
 * Measures a model on cases: whole, each on its own grid and spacing, unless regions are asked for. A case counts for what is known of it: a mask, a
 * diagnosis, or both.
 */
export async function measureCases(
  model: LoadedModel,
  dataset: Dataset,
  entries: readonly CaseEntry[],
  options: MeasureOptions = {},
): Promise<Measured> {
  return measuredTogether(await scoreCases(model, dataset, entries, options), model.card.classes);
}

/** As `measureCases`, each case for itself. */
export async function scoreCases(
  model: LoadedModel,
  dataset: Dataset,
  entries: readonly CaseEntry[],
  options: MeasureOptions = {},
): Promise<ScoredCase[]> {
  const { region = "whole", signal, onCase, onFinding } = options;
  const { card } = model;
  const passes = passesOf(card, options.passes);
  const cases: ScoredCase[] = [];
  for (const entry of entries) {
    const looked = await LOOKS[region](model, dataset, entry, { passes, signal });
    cases.push(measuredCase(entry, looked, card));
    await onFinding?.(entry, looked.lesions);
    onCase?.(cases.length, entries.length, entry.name);
  }
  return cases;
}

/** What cases come to together, whichever model measured each. */
export function measuredTogether(cases: readonly ScoredCase[], classes: readonly string[]): Measured {
  return {
    segmentation: segmentationMeans(cases.flatMap(({ scores }) => scores ?? [])),
    ...typeMeans(cases),
    classification: classificationOf(cases, classes),
    cases: cases.map(({ scores: _, typeScores: __, ...json }) => json),
  };
}

function typeMeans(cases: readonly ScoredCase[]): Pick<Measured, "types"> {
  const names = Object.keys(cases.find(({ typeScores }) => typeScores !== undefined)?.typeScores ?? {});
  if (names.length === 0) return {};
  const means = names.map((name) => [
    name,
    segmentationMeans(cases.flatMap(({ typeScores }) => typeScores?.[name] ?? [])),
  ]);
  return { types: Object.fromEntries(means) as NonNullable<Measured["types"]> };
}

function measuredCase(
  entry: CaseEntry,
  { lesions, disease, truth }: Looked,
  { classes, labels }: LoadedModel["card"],
): ScoredCase {
  const spacing = entry.estimated.includes("spacing") ? "estimated" : "measured";
  const scoresOf = (label?: number): SegmentationScores | undefined =>
    truth === undefined
      ? undefined
      : segmentationScores(truth, lesions, {
          tolerancesMm: TOLERANCES_MM,
          spacing,
          ...(label === undefined ? {} : { label }),
        });
  const scores = scoresOf();
  const types =
    labels.length < 2
      ? []
      : labels.flatMap((name, i) => {
          const own = scoresOf(i + 1);
          return own === undefined ? [] : [[name, own] as const];
        });
  const diagnosis = diagnosisOf(entry, disease, classes);
  return {
    case: entry.name,
    ...(scores === undefined ? {} : { scores, segmentation: segmentationJson(scores) }),
    ...(types.length === 0
      ? {}
      : {
          typeScores: Object.fromEntries(types),
          types: Object.fromEntries(types.map(([name, own]) => [name, segmentationJson(own)])),
        }),
    ...(diagnosis === undefined ? {} : { diagnosis }),
  };
}

function diagnosisOf(
  { diagnosis: truth }: CaseEntry,
  disease: Looked["disease"],
  classes: readonly string[],
): MeasuredCase["diagnosis"] {
  if (disease === undefined || truth === undefined || !classes.includes(truth)) return undefined;
  const probabilities = Object.fromEntries(disease.map(({ name, probability }) => [name, probability]));
  return { truth, prediction: likeliest(disease)?.name ?? "", probabilities };
}

function segmentationMeans(scores: readonly SegmentationScores[]): Measured["segmentation"] {
  const named = scores.map(namedScores);
  const [first] = named;
  if (first === undefined) return { undefined: "no case with a mask, or no outline from this model" };
  const means = Object.keys(first).map(
    (name) => [name, meanScoreJson(meanScore(named.flatMap((one) => one[name] ?? [])))] as const,
  );
  return { ...Object.fromEntries(means), specificity: specificityOf(scores) };
}

/**
 * Of the cases without lesions the share in which none was outlined: the only place where two empty masks count. Its interval is that of a share.
 */
function specificityOf(scores: readonly SegmentationScores[]): MeanScoreJson {
  const each = scores.map((score) => specificityOverCases([score]));
  const mean = meanScoreJson(meanScore(each));
  const right = each.filter((score) => score.kind === "value" && score.value === 1).length;
  return mean.cases === 0 ? mean : { ...mean, interval95: clopperPearson(right, mean.cases) };
}

function classificationOf(cases: readonly MeasuredCase[], classes: readonly string[]): Measured["classification"] {
  const diagnosed = cases.flatMap(({ diagnosis }) => diagnosis ?? []);
  if (diagnosed.length === 0) return { undefined: "no case with a diagnosis, or no diagnosis from this model" };
  return diagnosisJson(diagnosisScores(classes, diagnosed));
}
