import { isNotGiven, type NotGiven } from "@multirnet/base";
import { writeFileAtomically } from "@multirnet/base/node";
import { datasetReportHtml, type BarChart, type DatasetReport, type Table } from "@multirnet/report";

import type { DatasetSummary, Histogram, Spread } from "../dataset/summary.js";

/** Writes a page on a dataset. @throws FileError */
export async function writeDatasetReport(path: string, summary: DatasetSummary): Promise<void> {
  await writeFileAtomically(path, [datasetReportHtml(reportOf(summary))]);
}

function reportOf(summary: DatasetSummary): DatasetReport {
  const { name, cases, patients, spacingMm, size, lesionMl, pieceMl, estimated, histograms } = summary;
  return {
    name,
    createdAt: new Date().toISOString(),
    facts: [
      { name: "Cases", value: cases },
      { name: "Patients", value: patients },
      { name: "Spacing in a slice", value: rangeText(spacingMm.x), unit: "mm" },
      { name: "Between slices", value: rangeText(spacingMm.z), unit: "mm" },
      { name: "Slices", value: rangeText(size.z) },
      { name: "Lesions of a case", value: isNotGiven(lesionMl) ? lesionMl : rangeText(lesionMl), unit: "ml" },
      { name: "Piece of lesion", value: isNotGiven(pieceMl) ? pieceMl : rangeText(pieceMl), unit: "ml" },
    ],
    charts: chartsOf(histograms),
    counts: countsOf(summary),
    cases: casesOf(summary),
    warnings: estimated.map(
      (what) => `${what} of some cases is an estimate: what depends on it is not reported in its units`,
    ),
  };
}

/** The middle, and from where to where. */
function rangeText({ min, median, max }: Spread): string {
  const short = (value: number): string => String(Number(value.toPrecision(3)));
  return min === max ? short(median) : `${short(median)} (${short(min)} to ${short(max)})`;
}

function chartsOf({ hu, lesionHu, pieceMl }: DatasetSummary["histograms"]): BarChart[] {
  const shares = ({ counts }: Histogram): number[] => {
    const total = counts.reduce((sum, count) => sum + count, 0);
    return counts.map((count) => (total === 0 ? 0 : (100 * count) / total));
  };
  const ofPieces = isNotGiven(pieceMl)
    ? []
    : [
        {
          title: "Pieces of lesion by volume",
          xLabel: "ml",
          yLabel: "pieces",
          edges: pieceMl.edges,
          series: [{ name: "pieces", values: pieceMl.counts }],
        },
      ];
  return [
    {
      title: "Intensity",
      xLabel: "HU",
      yLabel: "% of voxels",
      edges: hu.edges,
      series: [
        { name: "all voxels", values: shares(hu) },
        { name: "in lesions", values: shares(lesionHu) },
      ],
    },
    ...ofPieces,
  ];
}

function countsOf({ diagnoses, sources, splits, masks, labels, cases }: DatasetSummary): Table {
  const rows = (what: string, counts: Readonly<Record<string, number>>): (string | number)[][] =>
    Object.entries(counts).map(([name, count]) => [what, name, count]);
  return {
    head: ["", "", "cases"],
    rows: [
      ...rows("diagnosis", diagnoses),
      ...rows("source", sources),
      ...rows("split", splits),
      ...rows("mask", masks),
      ...Object.entries(labels).map(([name, label]) => ["label", name, label.cases]),
    ],
    note: `${String(cases)} cases in all. Mask: drawn; empty, as the case is normal; or unknown, as nobody drew one.`,
  };
}

function casesOf({ perCase }: DatasetSummary): Table {
  const triple = (
    { x, y, z }: { readonly x: number; readonly y: number; readonly z: number },
    digits: number,
  ): string => [x, y, z].map((value) => String(Number(value.toFixed(digits)))).join(" × ");
  const range = (value: { readonly p5: number; readonly p95: number } | NotGiven): string | NotGiven =>
    isNotGiven(value) ? value : `${value.p5.toFixed(0)} to ${value.p95.toFixed(0)}`;
  return {
    head: [
      "Case",
      "Patient",
      "Diagnosis",
      "Source",
      "Voxels",
      "Spacing, mm",
      "HU, 1 to 99 %",
      "Lesion, ml",
      "Pieces",
      "HU in lesions",
    ],
    rows: perCase.map((one) => [
      one.case,
      one.patient,
      one.diagnosis,
      one.source,
      triple(one.size, 0),
      triple(one.spacingMm, 2),
      `${one.hu.p1.toFixed(0)} to ${one.hu.p99.toFixed(0)}`,
      one.lesionMl,
      one.lesions,
      range(one.lesionHu),
    ]),
    note: "Pieces of lesion are connected over 26 neighbours, all labels together. HU in lesions: 5 to 95 % of their voxels.",
  };
}
