import { html, type Html } from "../page/html.js";
import { numberText } from "../page/quantity.js";
import { niceTicks, tickText } from "./ticks.js";

/** Counts over stretches of a quantity: a histogram. */
export interface BarChart {
  readonly title: string;
  readonly xLabel: string; // with its unit
  readonly yLabel: string;
  readonly edges: readonly number[]; // of the stretches; one more than bars; drawn equally wide
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[]; // as steps over one another
}

const WIDTH = 860;
const HEIGHT = 300;
const PLOT = { left: 66, top: 34, right: 700, bottom: 246 } as const;
const MOST_TICKS = 6;
const MOST_X_TICKS = 10;

/** A histogram, or some over one another as stepped lines, as inline SVG for a page of `pageHtml`. */
export function barChart({ title, xLabel, yLabel, edges, series }: BarChart): Html {
  const most = series.flatMap(({ values }) => values).reduce((a, b) => Math.max(a, b), 0);
  if (most === 0)
    return html`<figure>
      <figcaption><b>${title}</b>: no values</figcaption>
    </figure>`;
  const ticks = niceTicks(0, most, MOST_TICKS);
  const top = ticks.at(-1) as number;
  const step = top / (ticks.length - 1);
  const bars = edges.length - 1;
  const x = (edge: number): number => PLOT.left + (edge / bars) * (PLOT.right - PLOT.left);
  const y = (value: number): number => PLOT.bottom - (value / top) * (PLOT.bottom - PLOT.top);
  const every = Math.ceil(edges.length / MOST_X_TICKS);
  return html`<figure>
    <svg
      class="chart"
      viewBox="0 0 ${WIDTH} ${HEIGHT}"
      role="img"
      aria-label="${title}: ${yLabel} over ${xLabel}; ${series.map(({ name }) => name).join(", ")}"
    >
      ${ticks.map(
        (tick) =>
          html`<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${px(y(tick))}" y2="${px(y(tick))}" />
            <text class="tick" x="${PLOT.left - 8}" y="${px(y(tick) + 4)}" text-anchor="end"
              >${tickText(tick, step)}</text
            >`,
      )}
      ${edges.map((edge, i) =>
        i % every === 0
          ? html`<text class="tick" x="${px(x(i))}" y="${PLOT.bottom + 20}" text-anchor="middle"
              >${numberText(edge)}</text
            >`
          : undefined,
      )}
      <line class="axis" x1="${PLOT.left}" x2="${PLOT.right}" y1="${PLOT.bottom}" y2="${PLOT.bottom}" />
      <text x="${PLOT.left}" y="16">${yLabel}</text>
      <text x="${(PLOT.left + PLOT.right) / 2}" y="${HEIGHT - 12}" text-anchor="middle">${xLabel}</text>
      ${series.map(({ values, name }, i) => {
        const colour = `var(--series-${String(i + 1)})`;
        const line = values.map((value, bar) => `H${px(x(bar))}V${px(y(value))}H${px(x(bar + 1))}`).join("");
        return html`<path
            class="line"
            style="stroke:${colour};fill:${colour};fill-opacity:0.18"
            d="M${PLOT.left} ${PLOT.bottom}${line}V${PLOT.bottom}"
          /><text x="${PLOT.right + 8}" y="${PLOT.top + 8 + 18 * i}" style="fill:${colour}">${name}</text>`;
      })}
    </svg>
    <figcaption><b>${title}</b></figcaption>
  </figure>`;
}

function px(value: number): string {
  return value.toFixed(1);
}
