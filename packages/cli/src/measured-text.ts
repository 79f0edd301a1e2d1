import { isNotGiven } from "@multirnet/base";
import type { Measured } from "@multirnet/learning";
import type { ScoreJson } from "@multirnet/evaluation";

import { scoreText } from "./score-text.js";
import { textTable } from "./text-table.js";

/** What was measured, for people: a row a case, then the means with their intervals, then the confusion matrix. */
export function measuredText({ segmentation, types = {}, classification, cases }: Measured): string {
  const ofTypes = Object.entries(types).map(([name, means]) => meansTable(means, `${name}, mean`));
  return [...segmentationTables(segmentation, cases), ...ofTypes, ...classificationTables(classification, cases)].join(
    "\n\n",
  );
}

function segmentationTables(means: Measured["segmentation"], cases: Measured["cases"]): string[] {
  if (isNotGiven(means)) return [`segmentation: ${means.undefined}`];
  const rows = cases.flatMap(({ case: name, segmentation }) =>
    segmentation === undefined
      ? []
      : [
          [
            name,
            scoreText(segmentation.vdsc),
            ...segmentation.tolerances.map(({ sdsc }) => scoreText(sdsc)),
            ...[segmentation.aso, segmentation.asdMm, segmentation.hd95Mm].map(scoreText),
          ],
        ],
  );
  const tolerances = cases.find(({ segmentation }) => segmentation !== undefined)?.segmentation?.tolerances ?? [];
  const head = [
    "case",
    "V-DSC",
    ...tolerances.map(({ toleranceMm }) => `S-DSC ${String(toleranceMm)} mm`),
    `ASO ${String(tolerances[0]?.toleranceMm ?? 1)} mm`,
    "ASD mm",
    "HD95 mm",
  ];
  return [textTable([head, ...rows]), meansTable(means, "mean")];
}

function meansTable(means: Measured["segmentation"], title: string): string {
  if (isNotGiven(means)) return `${title}: ${means.undefined}`;
  const meanRows = Object.entries(means).map(([name, { mean, interval95, cases: count, undefinedCases }]) => [
    name,
    scoreText(mean),
    typeof interval95 === "object" && "low" in interval95
      ? `[${interval95.low.toFixed(3)}, ${interval95.high.toFixed(3)}]`
      : "no interval",
    `${String(count)} cases${undefinedCases.map((one) => `, ${String(one.cases)} without: ${one.because}`).join("")}`,
  ]);
  return textTable([[title, "", "95 % interval", "over"], ...meanRows]);
}

function classificationTables(scores: Measured["classification"], cases: Measured["cases"]): string[] {
  if (isNotGiven(scores)) return [`classification: ${scores.undefined}`];
  const { accuracy, accuracyInterval95: interval, recall, precision, f1, confusion, cases: count } = scores;
  const range = interval === undefined ? "" : ` [${interval.low.toFixed(3)}, ${interval.high.toFixed(3)}] (exact 95 %)`;
  const right = cases.filter(({ diagnosis }) => diagnosis !== undefined && diagnosis.truth === diagnosis.prediction);
  const macro = ([name, score]: readonly [string, ScoreJson]): string => `${name} ${scoreText(score)}`;
  return [
    `accuracy ${scoreText(accuracy)}${range}, ${String(right.length)} of ${String(count)} cases; macro ` +
      [["recall", recall] as const, ["precision", precision] as const, ["F1", f1] as const].map(macro).join(", "),
    textTable([
      ["truth \\ prediction", ...confusion.classes],
      ...confusion.classes.map((name, row) => [name, ...(confusion.counts[row] ?? []).map(String)]),
    ]),
  ];
}
