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
  type ScoreName,
  type SegmentationJson,
  type SegmentationScores,
} from "@multirnet/evaluation";
import { findInScan, likeliest, passesOf, type LoadedModel, type ScanFinding } from "@multirnet/inference";
import type { Volume } from "@multirnet/imaging";

import { requireCase } from "../dataset/case-volumes.js";
import { type CaseEntry, type Dataset } from "../dataset/index.js";
import { channelTable } from "../dataset/preparation.js";

const TOLERANCES_MM = [1, 3]; // the paper's, and one for masks that are only good to a voxel or two

/** One case as it was measured. */
export interface MeasuredCase {
  readonly case: string;
  readonly segmentation?: SegmentationJson;
  readonly diagnosis?: {
    readonly truth: string;
    readonly prediction: string;
    readonly probabilities: Readonly<Record<string, number>>;
  };
}

/** The keys of `evaluate --json`. */
export interface Measured {
  readonly segmentation: Readonly<Record<string, MeanScoreJson>> | NotGiven;
  readonly classification: DiagnosisJson | NotGiven;
  readonly cases: readonly MeasuredCase[];
}

export interface MeasureOptions {
  readonly passes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onCase?: ((done: number, of: number, name: string) => void) | undefined;
  /** Called with what was found in each case, to be stored or drawn. */
  readonly onFinding?: ((entry: CaseEntry, finding: ScanFinding) => Promise<void>) | undefined;
}

/**
 * Measures a model on whole cases, each on its own grid and spacing. A case counts for what is known of it: a mask, a diagnosis, or both.
 */
export async function measureCases(
  { card, network }: LoadedModel,
  dataset: Dataset,
  entries: readonly CaseEntry[],
  options: MeasureOptions = {},
): Promise<Measured> {
  const { signal, onCase, onFinding } = options;
  const passes = passesOf(card, options.passes);
  const cases: MeasuredCase[] = [];
  const scores: SegmentationScores[] = [];
  for (const entry of entries) {
    const { scan, mask } = await requireCase(entry, dataset.labels);
    const finding = await findInScan(network, scan, card, { passes, signal });
    const truth = truthOf(entry, mask, finding.lesions, dataset, card.labels);
    const spacing = entry.estimated.includes("spacing") ? "estimated" : "measured";
    const measured =
      truth === undefined
        ? undefined
        : segmentationScores(truth, finding.lesions, { tolerancesMm: TOLERANCES_MM, spacing });
    if (measured !== undefined) scores.push(measured);
    const diagnosis = diagnosisOf(entry, finding, card.classes);
    cases.push({
      case: entry.name,
      ...(measured === undefined ? {} : { segmentation: segmentationJson(measured) }),
      ...(diagnosis === undefined ? {} : { diagnosis }),
    });
    await onFinding?.(entry, finding);
    onCase?.(cases.length, entries.length, entry.name);
  }
  return { segmentation: segmentationMeans(scores), classification: classificationOf(cases, card.classes), cases };
}

/** The truth of the labels that the model outlines, all as one; none where nothing is known or the model outlines nothing. */
function truthOf(
  { mask: known }: CaseEntry,
  mask: Volume<"label"> | undefined,
  like: Volume<"label">,
  { labels }: Dataset,
  channels: readonly string[],
): Volume<"label"> | undefined {
  if (channels.length === 0 || known === "unknown") return undefined;
  if (mask === undefined) return { ...like, voxels: new Uint8Array(like.voxels.length) };
  const table = channelTable(labels, channels);
  return { ...mask, voxels: mask.voxels.map((value) => table[value] as number) };
}

function diagnosisOf(
  { diagnosis: truth }: CaseEntry,
  { disease }: ScanFinding,
  classes: readonly string[],
): MeasuredCase["diagnosis"] {
  if (disease === undefined || truth === undefined || !classes.includes(truth)) return undefined;
  const probabilities = Object.fromEntries(disease.map(({ name, probability }) => [name, probability]));
  return { truth, prediction: likeliest(disease)?.name ?? "", probabilities };
}

function segmentationMeans(scores: readonly SegmentationScores[]): Measured["segmentation"] {
  const [first] = scores;
  if (first === undefined) return { undefined: "no case with a mask, or no outline from this model" };
  const { tolerances, lesions: _, ...single } = first;
  const names = Object.keys(single) as ScoreName[];
  const means = names.map((name) => [name, meanScoreJson(meanScore(scores.map((score) => score[name])))] as const);
  const atTolerances = tolerances.slice(1).flatMap(({ toleranceMm }, index) =>
    (["sdsc", "aso"] as const).map((name) => {
      const values = scores.flatMap((score) => score.tolerances[index + 1]?.[name] ?? []);
      return [`${name}At${String(toleranceMm)}Mm`, meanScoreJson(meanScore(values))] as const;
    }),
  );
  const lesionWise = (["recall", "precision", "f1"] as const).map(
    (name) =>
      [
        `lesion${name[0]?.toUpperCase() ?? ""}${name.slice(1)}`,
        meanScoreJson(meanScore(scores.map((score) => score.lesions[name]))),
      ] as const,
  );
  return { ...Object.fromEntries([...means, ...atTolerances, ...lesionWise]), specificity: specificityOf(scores) };
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
