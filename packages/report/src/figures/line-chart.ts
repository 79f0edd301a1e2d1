import { html, type Html } from "../page/html.js";

import { niceTicks, tickText } from "./ticks.js";

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A line; where a point is not finite it is broken. */
export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
}

export interface LineChart {
  readonly title: string;
  readonly xLabel: string; // with its unit
  readonly yLabel: string;
  readonly series: readonly Series[];
}

const WIDTH = 860;
const HEIGHT = 340;
const PLOT = { left: 66, top: 34, right: 650, bottom: 286 } as const;
const LABEL_GAP = 16; // least distance of two names at the right
const MOST_TICKS = { x: 9, y: 6 } as const;
const COLOURS = 6;
const DASHES = ["none", "7 4", "2 3", "10 3 2 3", "12 5", "4 2"] as const;

/**
 * Lines over a common axis as inline SVG, for a page of `pageHtml`. Each line has its name at its right end, in its colour and dash.
 *
 * @returns a figure; without a single finite point it says that there is nothing to show
 */
export function lineChart({ title, xLabel, yLabel, series }: LineChart): Html {
  const points = series.flatMap((line) => line.points).filter(isFinitePoint);
  if (points.length === 0)
    return html`<figure>
      <figcaption><b>${title}</b>: no values</figcaption>
    </figure>`;
  const x = axisOver(
    points.map((point) => point.x),
    MOST_TICKS.x,
    PLOT.left,
    PLOT.right,
  );
  const y = axisOver(
    points.map((point) => point.y),
    MOST_TICKS.y,
    PLOT.bottom,
    PLOT.top,
  );
  const names = series.map(({ name }) => name).join(", ");
  return html`<figure>
    <svg
      class="chart"
      viewBox="0 0 ${WIDTH} ${HEIGHT}"
      role="img"
      aria-label="${title}: ${yLabel} over ${xLabel}; ${names}"
    >
      ${y.ticks.map(
        (tick) =>
          html`<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${px(y.at(tick))}" y2="${px(y.at(tick))}" />
            <text class="tick" x="${PLOT.left - 8}" y="${px(y.at(tick) + 4)}" text-anchor="end"
              >${tickText(tick, y.step)}</text
            >`,
      )}
      ${x.ticks.map(
        (tick) =>
          html`<line
              class="axis"
              x1="${px(x.at(tick))}"
              x2="${px(x.at(tick))}"
              y1="${PLOT.bottom}"
              y2="${PLOT.bottom + 5}"
            />
            <text class="tick" x="${px(x.at(tick))}" y="${PLOT.bottom + 20}" text-anchor="middle"
              >${tickText(tick, x.step)}</text
            >`,
      )}
      <line class="axis" x1="${PLOT.left}" x2="${PLOT.right}" y1="${PLOT.bottom}" y2="${PLOT.bottom}" />
      <text x="${PLOT.left}" y="16">${yLabel}</text>
      <text x="${(PLOT.left + PLOT.right) / 2}" y="${HEIGHT - 12}" text-anchor="middle">${xLabel}</text>
      ${series.map((line, i) => lineOf(line, i, x.at, y.at))} ${endLabels(series, y.at)}
    </svg>
    <figcaption><b>${title}</b></figcaption>
  </figure>`;
}

interface Axis {
  readonly ticks: readonly number[];
  readonly step: number;
  readonly at: (value: number) => number; // pixels
}

function axisOver(values: readonly number[], mostTicks: number, from: number, to: number): Axis {
  // Not Math.min(...values): a long training has more points than a call may have arguments.
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  const ticks = niceTicks(low, high, mostTicks);
  const first = ticks[0] as number;
  const last = ticks.at(-1) as number;
  return {
    ticks,
    step: (last - first) / (ticks.length - 1),
    at: (value) => from + ((value - first) / (last - first)) * (to - from),
  };
}

/** A break in a line starts a new stretch; a stretch of one point is a dot. */
function stretchesOf({ points }: Series): readonly (readonly Point[])[] {
  const stretches: Point[][] = [[]];
  for (const point of points) {
    if (isFinitePoint(point)) stretches.at(-1)?.push(point);
    else stretches.push([]);
  }
  return stretches.filter(({ length }) => length > 0);
}

function lineOf(series: Series, i: number, x: Axis["at"], y: Axis["at"]): Html {
  const placed = stretchesOf(series).map((stretch) =>
    stretch.map((point) => [px(x(point.x)), px(y(point.y))] as const),
  );
  const lines = placed.filter(({ length }) => length > 1);
  const dots = placed.flatMap((stretch) => (stretch.length === 1 ? stretch : []));
  const d = lines.map((stretch) => `M${stretch.map(([u, v]) => `${u} ${v}`).join("L")}`).join("");
  return html`${d === "" ? undefined : html`<path class="line" style="${strokeOf(i)}" d="${d}" />`}${dots.map(
    ([u, v]) => html`<circle class="dot" style="fill:${colourOf(i)}" cx="${u}" cy="${v}" r="3" />`,
  )}`;
}

/** Names beside the last points, pushed apart where lines end close together. */
function endLabels(series: readonly Series[], y: Axis["at"]): readonly Html[] {
  const ends = series.flatMap(({ name, points }, i) => {
    const last = points.findLast(isFinitePoint);
    return last === undefined ? [] : [{ name, i, wanted: y(last.y) }];
  });
  let free = -Infinity;
  const placed = ends
    .toSorted((a, b) => a.wanted - b.wanted)
    .map((end) => {
      const at = Math.max(end.wanted, free);
      free = at + LABEL_GAP;
      return { ...end, at };
    });
  const over = Math.max(0, (placed.at(-1)?.at ?? 0) - PLOT.bottom);
  return placed.map(
    ({ name, i, at }) =>
      html`<path class="line" style="${strokeOf(i)}" d="M${PLOT.right + 8} ${px(at - over)}h24" />
        <text x="${PLOT.right + 38}" y="${px(at - over + 4)}">${name}</text>`,
  );
}

function strokeOf(series: number): string {
  return `stroke:${colourOf(series)};stroke-dasharray:${DASHES[series % DASHES.length] ?? "none"}`;
}

function colourOf(series: number): string {
  return `var(--series-${(series % COLOURS) + 1})`;
}

function isFinitePoint({ x, y }: Point): boolean {
  return Number.isFinite(x) && Number.isFinite(y);
}

function px(value: number): string {
  return String(Number(value.toFixed(1)));
}
