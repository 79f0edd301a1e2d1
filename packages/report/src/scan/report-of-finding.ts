import type { Finding } from "@multirnet/inference";
import type { Volume } from "@multirnet/imaging";

import { isMissing } from "../page/quantity.js";
import type { ScanReport } from "./scan-report.js";

/** What a report shows beside the finding itself. */
export interface Shown {
  readonly title: string;
  readonly createdAt: string; // ISO 8601
  readonly synthetic: boolean; // whether the scan is a phantom
  readonly scan: Volume<"hounsfield">;
  readonly lesions: Volume<"label">;
  readonly probability: Volume<"probability"> | undefined;
  readonly lesionTypes: readonly string[]; // none for a model that outlines nothing
}

/** @returns the report on a finding */
export function reportOf(finding: Finding, shown: Shown): ScanReport {
  const { probabilities, lesionMl, lungMl, involvedPercent, severity, trainedOn } = finding;
  const { lesions, probability, lesionTypes, ...rest } = shown;
  return {
    ...rest,
    lesions: isMissing(lesionMl) ? lesionMl : lesions,
    ...(probability === undefined ? {} : { probability }),
    lesionTypes,
    diagnosis: isMissing(probabilities)
      ? probabilities
      : Object.entries(probabilities).map(([name, probability]) => ({ name, probability })),
    facts: [
      { name: "Lesions", value: lesionMl, unit: "ml" },
      { name: "Lung, right", value: isMissing(lungMl) ? lungMl : lungMl.right, unit: "ml" },
      { name: "Lung, left", value: isMissing(lungMl) ? lungMl : lungMl.left, unit: "ml" },
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
