import type { NotGiven } from "@multirnet/base";
import { connectedComponents, voxelMl, type Volume, type Xyz } from "@multirnet/imaging";

import type { CaseEntry, MaskState } from "./case-entry.js";
import { requireCase } from "./case-volumes.js";
import { openDataset } from "./dataset.js";

/** The least, the middle and the largest of some numbers. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** One case of a dataset, in numbers. */
export interface CaseSummary {
  readonly case: string;
  readonly patient: string;
  readonly diagnosis: string | NotGiven;
  readonly source: string | NotGiven;
  readonly mask: MaskState;
  readonly size: Xyz;
  readonly spacingMm: Xyz;
  readonly hu: { readonly p1: number; readonly mean: number; readonly p99: number };
  readonly lesionMl: number | NotGiven; // all labels together
  readonly lesions: number | NotGiven; // pieces, of 26 neighbours
  readonly lesionHu: { readonly p5: number; readonly median: number; readonly p95: number } | NotGiven;
}

/** What a dataset holds. */
export interface DatasetSummary {
  readonly name: string;
  readonly cases: number;
  readonly patients: number;
  readonly labels: Readonly<Record<string, { readonly cases: number; readonly ml: number | NotGiven }>>;
  readonly diagnoses: Readonly<Record<string, number>>;
  readonly sources: Readonly<Record<string, number>>;
  readonly splits: Readonly<Record<string, number>>;
  readonly masks: Readonly<Record<MaskState, number>>;
  readonly estimated: readonly string[]; // what is not measured in some case
  readonly size: Readonly<Record<keyof Xyz, Spread>>;
  readonly spacingMm: Readonly<Record<keyof Xyz, Spread>>;
  readonly lesionMl: Spread | NotGiven; // of the cases with lesions
  readonly pieceMl: Spread | NotGiven;
  readonly perCase: readonly CaseSummary[];
  readonly histograms: { readonly hu: Histogram; readonly lesionHu: Histogram; readonly pieceMl: Histogram | NotGiven };
}

/** Counts over stretches of equal width, or of equal ratio. */
export interface Histogram {
  readonly edges: readonly number[]; // one more than counts
  readonly counts: readonly number[];
}

export interface SummaryOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onCase?: ((done: number, of: number) => void) | undefined;
}

const HU_EDGES = Array.from({ length: 61 }, (_, i) => -1100 + 30 * i);
const ML_EDGES = Array.from({ length: 22 }, (_, i) => 10 ** (-3 + i / 4)); // from 1 mm³ to 178 ml, four to a power of ten

/**
 * What a dataset holds: cases, classes, grids, lesions and intensities. Scans are read one after another.
 *
 * @throws DatasetError
 */
export async function summariseDataset(dir: string, { signal, onCase }: SummaryOptions = {}): Promise<DatasetSummary> {
  const { name, cases, labels } = await openDataset(dir);
  const hu = new Uint32Array(HU_EDGES.length - 1);
  const lesionHu = new Uint32Array(HU_EDGES.length - 1);
  const pieces: number[] = [];
  const perLabel = new Map(Object.keys(labels).map((label) => [label, { cases: 0, ml: 0 }]));
  const perCase: CaseSummary[] = [];
  for (const entry of cases) {
    signal?.throwIfAborted();
    const { scan, mask } = await requireCase(entry, labels);
    countInto(hu, scan.voxels, undefined);
    const drawn = mask === undefined ? undefined : lesionsOf(mask);
    if (mask !== undefined && drawn !== undefined) {
      countInto(lesionHu, scan.voxels, mask.voxels);
      pieces.push(...drawn.pieces);
      for (const [label, value] of Object.entries(labels)) {
        const ml = mask.voxels.reduce((count, at) => count + Number(at === value), 0) * voxelMl(mask.grid);
        const known = perLabel.get(label);
        if (known === undefined || ml === 0) continue;
        known.cases += 1;
        known.ml += ml;
      }
    }
    perCase.push(caseSummary(entry, scan, mask, drawn));
    onCase?.(perCase.length, cases.length);
  }
  const estimated = [...new Set(cases.flatMap((one) => one.estimated))].sort();
  const noMl = estimated.includes("spacing") ? { undefined: "spacing is estimated" } : undefined;
  const spreads = (of: (one: CaseSummary) => Xyz): Record<keyof Xyz, Spread> => ({
    x: spreadOf(perCase.map((one) => of(one).x)),
    y: spreadOf(perCase.map((one) => of(one).y)),
    z: spreadOf(perCase.map((one) => of(one).z)),
  });
  const lesionMl = perCase.flatMap((one) => (typeof one.lesionMl === "number" && one.lesionMl > 0 ? one.lesionMl : []));
  return {
    name,
    cases: cases.length,
    patients: new Set(cases.map(({ patient }) => patient)).size,
    labels: Object.fromEntries(
      Array.from(perLabel, ([label, { cases: count, ml }]) => [label, { cases: count, ml: noMl ?? ml }]),
    ),
    diagnoses: counted(cases.map(({ diagnosis }) => diagnosis ?? "not known")),
    sources: counted(cases.map(({ source }) => source ?? "not known")),
    splits: counted(cases.map(({ split }) => split)),
    masks: { drawn: 0, empty: 0, unknown: 0, ...counted(cases.map(({ mask }) => mask)) },
    estimated,
    size: spreads(({ size }) => size),
    spacingMm: spreads(({ spacingMm }) => spacingMm),
    lesionMl: noMl ?? (lesionMl.length === 0 ? { undefined: "no case with lesions" } : spreadOf(lesionMl)),
    pieceMl: noMl ?? (pieces.length === 0 ? { undefined: "no case with lesions" } : spreadOf(pieces)),
    perCase,
    histograms: {
      hu: { edges: HU_EDGES, counts: [...hu] },
      lesionHu: { edges: HU_EDGES, counts: [...lesionHu] },
      pieceMl: noMl ?? histogramOf(pieces, ML_EDGES),
    },
  };
}

interface DrawnLesions {
  readonly ml: number;
  readonly pieces: readonly number[]; // ml
}

function lesionsOf(mask: Volume<"label">): DrawnLesions {
  const unit = voxelMl(mask.grid);
  const pieces = connectedComponents(mask, 26).components.map(({ voxels }) => voxels * unit);
  return { ml: pieces.reduce((sum, ml) => sum + ml, 0), pieces };
}

function caseSummary(
  { name, patient, diagnosis, source, mask: state, estimated }: CaseEntry,
  { grid, voxels }: Volume<"hounsfield">,
  mask: Volume<"label"> | undefined,
  drawn: DrawnLesions | undefined,
): CaseSummary {
  const notDrawn = { undefined: state === "empty" ? "normal, without lesions" : "lesions were not drawn" };
  const sorted = Float32Array.from(sampled(voxels)).sort();
  const lesionHu = mask === undefined ? new Float32Array() : within(voxels, mask.voxels).sort();
  const lesionMl = estimated.includes("spacing") ? { undefined: "spacing is estimated" } : drawn?.ml;
  return {
    case: name,
    patient,
    diagnosis: diagnosis ?? { undefined: "not known" },
    source: source ?? { undefined: "not known" },
    mask: state,
    size: grid.size,
    spacingMm: grid.spacingMm,
    hu: {
      p1: quantile(sorted, 0.01),
      mean: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
      p99: quantile(sorted, 0.99),
    },
    lesionMl: drawn === undefined ? notDrawn : (lesionMl ?? notDrawn),
    lesions: drawn?.pieces.length ?? notDrawn,
    lesionHu:
      lesionHu.length === 0
        ? drawn === undefined
          ? notDrawn
          : { undefined: "no lesion was drawn" }
        : { p5: quantile(lesionHu, 0.05), median: quantile(lesionHu, 0.5), p95: quantile(lesionHu, 0.95) },
  };
}

const MOST_SAMPLED = 1_000_000;

/** Every n-th voxel, so that a large scan is sorted in a moment. */
function sampled(voxels: ArrayLike<number>): Float32Array {
  const every = Math.max(1, Math.ceil(voxels.length / MOST_SAMPLED));
  return Float32Array.from(
    { length: Math.floor((voxels.length - 1) / every) + 1 },
    (_, i) => voxels[i * every] as number,
  );
}

/** The voxels that a mask marks. */
function within(voxels: ArrayLike<number>, mask: Uint8Array): Float32Array {
  const found = new Float32Array(mask.reduce((count, value) => count + Number(value > 0), 0));
  for (let i = 0, to = 0; i < mask.length; i++) if ((mask[i] as number) > 0) found[to++] = voxels[i] as number;
  return found;
}

function quantile(sorted: Float32Array, share: number): number {
  return sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN;
}

/** Counts voxels, of a mask where one is given, by the stretch of HU that they lie in; what lies beyond the ends counts at them. */
function countInto(counts: Uint32Array, voxels: ArrayLike<number>, mask: Uint8Array | undefined): void {
  const [low = 0, next = 1] = HU_EDGES;
  for (let i = 0; i < voxels.length; i++) {
    if (mask?.[i] === 0) continue;
    const place = Math.min(counts.length - 1, Math.max(0, Math.floor(((voxels[i] as number) - low) / (next - low))));
    counts[place] = (counts[place] as number) + 1;
  }
}

function histogramOf(values: readonly number[], edges: readonly number[]): Histogram {
  const counts = edges.slice(1).map((edge, i) => {
    const [first, last] = [i === 0, i === edges.length - 2];
    return values.filter((value) => (first || value >= (edges[i] as number)) && (last || value < edge)).length;
  });
  return { edges, counts };
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  return { min: sorted[0] ?? NaN, median: sorted[Math.floor(sorted.length / 2)] ?? NaN, max: sorted.at(-1) ?? NaN };
}

function counted(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}
