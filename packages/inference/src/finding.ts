import type { ModelCard } from "@multirnet/artifacts";
import { NOTICE, VERSION, type NotGiven } from "@multirnet/base";
import { volumeMl, type HuStatistics, type Volume } from "@multirnet/imaging";

import { lesionsOf, type Lesion } from "./findings.js";
import { likeliest, type ScanFinding } from "./whole-scan.js";

/** What is reported of one scan: the JSON of `predict`, and what the report shows. */
export interface Finding {
  readonly diagnosis: string | NotGiven; // the likeliest class
  readonly probabilities: Readonly<Record<string, number>> | NotGiven;
  readonly lesionMl: number | NotGiven;
  readonly lungMl: { readonly right: number; readonly left: number } | NotGiven;
  readonly involvedPercent: number | NotGiven;
  readonly severity: number | NotGiven;
  readonly lesions: readonly Lesion[]; // the largest first
  readonly trainedOn: { readonly lesion: string | NotGiven; readonly disease: string | NotGiven };
  readonly warnings: readonly string[];
  readonly notice: string;
  readonly versions: Readonly<Record<string, string>>;
}

const NO_OUTLINE: NotGiven = { undefined: "this model outlines no lesions" };
const NO_DIAGNOSIS: NotGiven = { undefined: "this model gives no diagnosis: it was trained to outline lesions only" };
const NO_LUNG: NotGiven = { undefined: "lungs are not outlined yet" };

/**
 * Puts into words and numbers what was found in a scan.
 *
 * @param hu of the scan, to see whether it looks like a CT in Hounsfield units
 * @param warnings of whoever read the scan
 */
export function findingOf(
  card: ModelCard,
  { lesions, disease }: ScanFinding,
  { hu, warnings }: { readonly hu: HuStatistics; readonly warnings: readonly string[] },
): Finding {
  const outlines = card.labels.length > 0;
  return {
    diagnosis: likeliest(disease ?? [])?.name ?? NO_DIAGNOSIS,
    probabilities:
      disease === undefined
        ? NO_DIAGNOSIS
        : Object.fromEntries(disease.map(({ name, probability }) => [name, probability])),
    lesionMl: outlines ? volumeMl(lesions) : NO_OUTLINE,
    lungMl: NO_LUNG,
    involvedPercent: NO_LUNG,
    severity: NO_LUNG,
    lesions: outlines ? lesionsOf(lesions) : [],
    trainedOn: {
      lesion: outlines ? dataWords(card, card.data.masks, "with a lesion mask") : NO_OUTLINE,
      disease: disease === undefined ? NO_DIAGNOSIS : dataWords(card, card.data.diagnoses, "with a diagnosis"),
    },
    warnings: [...warnings, ...intensityWarnings(hu), ...gridWarnings(card, lesions), ...modelWarnings(card)],
    notice: NOTICE,
    versions: { multirnet: VERSION, ...trainingVersions(card) },
  };
}

function trainingVersions({ versions }: ModelCard): Record<string, string> {
  return Object.fromEntries(Object.entries(versions).map(([part, version]) => [`${part} of the training`, version]));
}

function dataWords({ data }: ModelCard, cases: number, what: string): string {
  const kind = data.synthetic ? "synthetic cases, no patients" : "cases";
  const estimated = data.estimated.length === 0 ? "" : `; estimated, not measured: ${data.estimated.join(", ")}`;
  return `${data.name}: ${String(cases)} ${kind}, ${what}${estimated}`;
}

const AIR_AT_MOST_HU = -500; // every chest CT shows air
const TISSUE_AT_LEAST_HU = 0; // and water or more
const STORABLE_HU = 32_768; // of 16 bits; no scanner gives more

/** A network answers whatever it is shown; a scan that is no CT in Hounsfield units must not pass in silence. */
function intensityWarnings({ min, max }: HuStatistics): string[] {
  const range = `its values run from ${min.toFixed(0)} to ${max.toFixed(0)}`;
  if (min > AIR_AT_MOST_HU || max < TISSUE_AT_LEAST_HU)
    return [`this does not look like a chest CT in Hounsfield units: ${range}, and a chest has air and tissue`];
  if (Math.max(-min, max) > STORABLE_HU) return [`some voxels are no Hounsfield units: ${range}`];
  return [];
}

const COARSER_THAN_TRAINED = 3; // times the working spacing; beyond that nearly all is interpolated

function gridWarnings({ preprocessing }: ModelCard, { grid }: Volume): string[] {
  const { spacingMm: known } = preprocessing;
  const ours = [grid.spacingMm.x, grid.spacingMm.y, grid.spacingMm.z].sort((a, b) => a - b);
  const trained = [known.x, known.y, known.z].filter((mm) => mm !== "fit").sort((a, b) => a - b);
  if (trained.length < ours.length) return []; // whatever a scan's voxels are, they are fitted to the region
  const coarse = ours.some((mm, index) => mm > COARSER_THAN_TRAINED * (trained[index] ?? mm));
  if (!coarse) return [];
  const words = (spacing: readonly number[]): string => spacing.map((mm) => mm.toFixed(2)).join(" × ");
  return [`the scan's voxels (${words(ours)} mm) are far coarser than what the model works at (${words(trained)} mm)`];
}

function modelWarnings({ data }: ModelCard): string[] {
  return data.synthetic ? ["the model was trained on synthetic scans only: on a patient's scan it means nothing"] : [];
}
