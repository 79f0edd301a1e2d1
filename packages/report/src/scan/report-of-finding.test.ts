import type { Finding } from "@multirnet/inference";
import { expect, test } from "vitest";

import { lesions, probability, scan } from "../testing/small-report.js";
import { reportOf, type ReportedScan } from "./report-of-finding.js";
import { scanReportHtml } from "./scan-page.js";

const shown: ReportedScan = {
  title: "case-07",
  createdAt: "2026-03-04T05:06:07.000Z",
  synthetic: true,
  scan,
  lesions,
  probability,
  lesionTypes: ["lesion"],
};
const noLung = { undefined: "lungs are not outlined yet" };
const finding: Finding = {
  diagnosis: "cap",
  probabilities: { "covid-19": 0.2, cap: 0.7, normal: 0.1 },
  lesionMl: 2.375,
  lungMl: noLung,
  involvedPercent: noLung,
  severity: noLung,
  lesions: [
    {
      ml: 2,
      voxels: 80,
      centreMm: { x: 12, y: -7.5, z: 120 },
      box: { from: { x: 1, y: 2, z: 3 }, size: { x: 4, y: 5, z: 6 } },
    },
    {
      ml: 0.375,
      voxels: 15,
      centreMm: { x: 1, y: 2, z: 3 },
      box: { from: { x: 7, y: 8, z: 9 }, size: { x: 1, y: 2, z: 3 } },
    },
  ],
  trainedOn: { lesion: "phantoms: 60 synthetic cases, no patients, with a lesion mask", disease: "phantoms" },
  warnings: ["mind this"],
  notice: "no medical device",
  versions: { multirnet: "0.1.0" },
};

test("a finding becomes a report: ranks, likelihoods, facts with units, and one reason for what is missing", () => {
  const report = reportOf(finding, shown);
  expect(report.diagnosis).toEqual([
    { name: "covid-19", probability: 0.2 },
    { name: "cap", probability: 0.7 },
    { name: "normal", probability: 0.1 },
  ]);
  expect(report.facts).toEqual([
    { name: "Lesions", value: 2.375, unit: "ml" },
    { name: "Lungs", value: noLung },
    { name: "Lung involved", value: noLung, unit: "%" },
    { name: "Severity", value: noLung },
  ]);
  expect(report.lesionTable.map(({ rank, voxels }) => [rank, voxels])).toEqual([
    [1, 80],
    [2, 15],
  ]);
  expect(report).toMatchObject({ synthetic: true, warnings: ["mind this"], notice: "no medical device", lesions });
  expect(scanReportHtml(report)).toContain("Most likely <strong>cap</strong>");
});

test("both lungs stand apart where they are known", () => {
  const { facts } = reportOf({ ...finding, lungMl: { right: 2500, left: 2100 } }, shown);
  expect(facts.slice(1, 3)).toEqual([
    { name: "Lung, right", value: 2500, unit: "ml" },
    { name: "Lung, left", value: 2100, unit: "ml" },
  ]);
});

test("a model that outlines nothing, or gives no diagnosis, has a reason in its place", () => {
  const reason = { undefined: "this model outlines no lesions" };
  const none = { undefined: "this model gives no diagnosis" };
  const bare: Finding = {
    ...finding,
    diagnosis: none,
    probabilities: none,
    lesionMl: reason,
    lesions: [],
    trainedOn: { lesion: reason, disease: none },
  };
  const report = reportOf(bare, { ...shown, probability: undefined, lesionTypes: [] });
  expect(report).toMatchObject({ lesions: reason, diagnosis: none });
  expect(report).not.toHaveProperty("probability");
  const page = scanReportHtml(report);
  expect(page).toContain("No lesions outlined: this model outlines no lesions");
  expect(page).toContain("No diagnosis: this model gives no diagnosis");
});
