import { isNotGiven } from "@multirnet/base";
import type { Finding } from "@multirnet/inference";
import type { Volume } from "@multirnet/imaging";

import type { Fact, ScanReport } from "./scan-report.js";

/** What a report shows beside the finding itself. */
export interface ReportedScan {
  readonly title: string;
  readonly createdAt: string; // ISO 8601
  readonly synthetic: boolean; // whether the scan is a phantom
  readonly scan: Volume<"hounsfield">;
  readonly lesions: Volume<"label">;
  readonly probability: Volume<"probability"> | undefined;
  readonly lesionTypes: readonly string[]; // none for a model that outlines nothing
}

/** @returns the report on a finding */
export function reportOf(finding: Finding, shown: ReportedScan): ScanReport {
  const { probabilities, lesionMl, lungMl, involvedPercent, severity, trainedOn } = finding;
  const { lesions, probability, lesionTypes, ...rest } = shown;
  return {
    ...rest,
    lesions: isNotGiven(lesionMl) ? lesionMl : lesions,
    ...(probability === undefined ? {} : { probability }),
    lesionTypes,
    diagnosis: isNotGiven(probabilities)
      ? probabilities
      : Object.entries(probabilities).map(([name, probability]) => ({ name, probability })),
    facts: [
      { name: "Lesions", value: lesionMl, unit: "ml" },
      ...lungFacts(lungMl),
      { name: "Lung involved", value: involvedPercent, unit: "%" },
      { name: "Severity", value: severity },
    ],
    lesionTable: finding.lesions.map((lesion, index) => ({ rank: index + 1, ...lesion })),
    trainedOn: [
      { output: "Lesion outline", data: trainedOn.lesion },
      { output: "Diagnosis", data: trainedOn.disease },
    ],
    warnings: finding.warnings,
    versions: finding.versions,
    notice: finding.notice,
  };
}

function lungFacts(lungMl: Finding["lungMl"]): Fact[] {
  if (isNotGiven(lungMl)) return [{ name: "Lungs", value: lungMl }];
  return [
    { name: "Lung, right", value: lungMl.right, unit: "ml" },
    { name: "Lung, left", value: lungMl.left, unit: "ml" },
  ];
}
