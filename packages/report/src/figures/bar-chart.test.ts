import { expect, test } from "vitest";

import { barChart } from "./bar-chart.js";

const chart = {
  title: "Sizes",
  xLabel: "ml",
  yLabel: "pieces",
  edges: [0, 1, 10],
  series: [{ name: "all", values: [2, 4] }],
};

test("bars stand between their edges, as high as their counts", () => {
  const { markup } = barChart(chart);
  // From 66 to 700 pixels across, two bars of 317; from 246 up to 34, and the axis ends at 4.
  expect(markup).toContain("M66 246H66.0V140.0H383.0H383.0V34.0H700.0V246");
  for (const edge of ["0", "1.00", "10.0"]) expect(markup).toMatch(new RegExp(`>${edge}<`));
  expect(markup).toContain('aria-label="Sizes: pieces over ml; all"');
});

test("without a count it says that there is nothing to show", () => {
  expect(barChart({ ...chart, series: [{ name: "all", values: [0, 0] }] }).markup).toContain("no values");
});

test("several are told apart by colour and name", () => {
  const { markup } = barChart({ ...chart, series: [...chart.series, { name: "some <b>", values: [1, 0] }] });
  expect(markup).toContain("var(--series-2)");
  expect(markup).toContain("some &lt;b&gt;");
});
