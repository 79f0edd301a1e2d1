import { expect, test } from "vitest";

import { lineChart, type Series } from "./line-chart.js";
import { niceTicks, tickText } from "./ticks.js";

test.each([
  { low: 0, high: 1, most: 6, ticks: [0, 0.2, 0.4, 0.6, 0.8, 1] },
  { low: 3, high: 97, most: 6, ticks: [0, 20, 40, 60, 80, 100] },
  { low: -0.3, high: 0.3, most: 5, ticks: [-0.4, -0.2, 0, 0.2, 0.4] },
  { low: 0.101, high: 0.109, most: 6, ticks: [0.1, 0.102, 0.104, 0.106, 0.108, 0.11] },
  { low: 7, high: 7, most: 6, ticks: [2, 4, 6, 8, 10, 12] },
  { low: 0, high: 0, most: 6, ticks: [-0.5, 0, 0.5] },
])("ticks from $low to $high are round", ({ low, high, most, ticks }) => {
  const found = niceTicks(low, high, most);
  expect(found.map((tick) => expect.closeTo(tick, 12) as number)).toEqual(ticks);
  expect(found.length).toBeLessThanOrEqual(most);
  expect(found.length).toBeGreaterThanOrEqual(2);
  expect(found[0]).toBeLessThanOrEqual(low);
  expect(found.at(-1)).toBeGreaterThanOrEqual(high);
});

test.each([
  [0.30000000000000004, 0.1, "0.3"],
  [0.15, 0.05, "0.15"],
  [20, 20, "20"],
  [2.5, 0.5, "2.5"],
  [2e6, 1e6, "2.0e+6"],
])("the tick %d of step %d is written %s", (value, step, text) => {
  expect(tickText(value, step)).toBe(text);
});

const chart = (series: readonly Series[]): string =>
  lineChart({ title: "Loss", xLabel: "epoch", yLabel: "loss", series }).markup;

test("points lie where the axes say", () => {
  // Axes 0 to 4 and 0 to 1 over the plot from (66, 286) to (650, 34): 146 a step across, 252 up for 1.
  const page = chart([
    {
      name: "training",
      points: [
        { x: 0, y: 1 },
        { x: 1, y: 0.5 },
        { x: 4, y: 0 },
      ],
    },
  ]);
  expect(page).toContain('d="M66 34L212 160L650 286"');
});

test("a value that is none breaks the line, and a lone point is a dot", () => {
  const page = chart([
    {
      name: "validation",
      points: [
        { x: 0, y: 1 },
        { x: 1, y: Number.NaN },
        { x: 2, y: 0.5 },
        { x: 4, y: 0 },
      ],
    },
  ]);
  expect(page).toContain('d="M358 160L650 286"');
  expect(page).toMatch(/<circle class="dot"[^>]*cx="66" cy="34"/);
});

test("names of lines that end together stand apart and inside the picture", () => {
  const flat = (name: string): Series => ({ name, points: [{ x: 0, y: 1 }, { x: 4, y: 0 }] }); // prettier-ignore
  const page = chart([flat("a"), flat("b"), flat("c")]);
  const heights = [...page.matchAll(/<text x="688" y="([\d.]+)">/g)].map(([, y]) => Number(y));
  expect(heights).toEqual([258, 274, 290]);
});

test("nothing to show is said, and names are escaped", () => {
  expect(chart([{ name: "a", points: [{ x: 0, y: Number.NaN }] }])).toContain("<b>Loss</b>: no values");
  expect(chart([{ name: "<b>", points: [{ x: 0, y: 1 }] }])).toContain("&lt;b&gt;</text>");
});

test("a long training does not break it", () => {
  const points = Array.from({ length: 150_000 }, (_, x) => ({ x, y: Math.sin(x) }));
  expect(chart([{ name: "a", points }]).length).toBeGreaterThan(1_000_000);
});
