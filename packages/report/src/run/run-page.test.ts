import { expect, test } from "vitest";

import { runReportHtml } from "./run-page.js";
import type { RunReport } from "./run-report.js";

const report: RunReport = {
  title: "a <run>",
  createdAt: "2026-03-04T05:06:07.000Z",
  synthetic: true,
  facts: [
    { name: "Steps", value: 12 },
    { name: "V-DSC", value: { undefined: "not measured" } },
  ],
  curves: [
    {
      title: "Loss",
      xLabel: "steps",
      yLabel: "loss",
      series: [
        {
          name: "all",
          points: [
            { x: 1, y: 0.9 },
            { x: 2, y: 0.4 },
          ],
        },
      ],
    },
  ],
  pictures: [{ epoch: 3, pictures: [{ name: "case-1", uri: "data:image/png;base64,AAAA" }] }],
  table: {
    head: ["Case", "V-DSC"],
    rows: [
      ["case-1", 0.512],
      ["case-2", { undefined: "both are empty" }],
    ],
    note: "2 test cases",
  },
  terms: [{ name: "Seed", text: "7" }],
  config: "name: a\nloss: { alpha: 0.7 } # <b>",
  warnings: ["one of the measured cases was trained on"],
  notice: "Research software.",
};

test("a run's page says what was reached, how it went, by what it was made, and loads nothing", () => {
  const page = runReportHtml(report);
  for (const words of [
    "<title>a &lt;run&gt;: training</title>",
    "Synthetic scans, no patients",
    "2026-03-04 05:06 UTC",
    "not given: not measured",
    'alt="case-1 after epoch 3"',
    '<td class="number">0.512</td>',
    '<td class="number">both are empty</td>',
    "2 test cases",
    "loss: { alpha: 0.7 } # &lt;b&gt;",
    "one of the measured cases was trained on",
    "<dt>Seed</dt>",
  ])
    expect(page).toContain(words);
  expect(page).not.toMatch(/<script|src="(?!data:)|href="http/);
});

test("what there is not is said, or left out", () => {
  const page = runReportHtml({
    ...report,
    pictures: [],
    warnings: [],
    synthetic: false,
    table: { undefined: "the run has not ended" },
  });
  expect(page).toContain("Not measured: the run has not ended.");
  expect(page).not.toContain("What it saw");
  expect(page).not.toContain("Warning");
  expect(page).not.toContain("Synthetic");
});
