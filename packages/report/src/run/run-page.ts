import { isNotGiven, type NotGiven } from "@multirnet/base";

import { lineChart } from "../figures/line-chart.js";
import { dateText } from "../page/date.js";
import { html, type Html } from "../page/html.js";
import { pageHtml } from "../page/page.js";
import { quantity } from "../page/quantity.js";
import { tableOf, type Table } from "../page/table.js";
import { warningsSection } from "../page/warnings.js";
import type { EpochPictures, RunReport } from "./run-report.js";

/** One page of HTML on a training, with everything in it; it loads nothing and runs nothing. */
export function runReportHtml(report: RunReport): string {
  const { title, createdAt, synthetic, facts, curves, warnings, config, notice } = report;
  return pageHtml(
    `${title}: training`,
    html`<header>
        <h1>${title}</h1>
        <p class="faint">
          Training, reported
          <time datetime="${createdAt}">${dateText(createdAt)}</time>
          ${synthetic ? html` <span class="badge">Synthetic scans, no patients</span>` : undefined}
        </p>
        <p class="notice"><strong>Notice.</strong> ${notice}</p>
      </header>
      <main>
        ${warningsSection(warnings)}
        <section class="sheet" aria-labelledby="facts">
          <h2 id="facts">In short</h2>
          <dl class="facts">
            ${facts.map(
              ({ name, value, unit }) =>
                html`<div>
                  <dt>${name}</dt>
                  <dd class="${isNotGiven(value) ? "absent" : "given"}">${quantity(value, unit)}</dd>
                </div>`,
            )}
          </dl>
        </section>
        <section class="sheet" aria-labelledby="curves">
          <h2 id="curves">How it went</h2>
          <div class="columns">${curves.map(lineChart)}</div>
        </section>
        ${tableSection(report.table)} ${picturesSection(report.pictures)} ${termsSection(report)}
        <section class="sheet" aria-labelledby="config">
          <h2 id="config">Config, every key filled in</h2>
          <details>
            <summary>Show</summary>
            <pre class="scroll">${config}</pre>
          </details>
        </section>
      </main>
      <footer><p>${notice}</p></footer>`,
  );
}

function tableSection(table: Table | NotGiven): Html {
  return html`<section class="sheet" aria-labelledby="cases">
    <h2 id="cases">Measured cases</h2>
    ${isNotGiven(table) ? html`<p>Not measured: ${table.undefined}.</p>` : tableOf(table)}
  </section>`;
}

function picturesSection(epochs: readonly EpochPictures[]): Html | undefined {
  if (epochs.length === 0) return undefined;
  return html`<section class="sheet" aria-labelledby="pictures">
    <h2 id="pictures">What it saw</h2>
    <p class="faint">
      The slice of a region with most lesion, as it was after an epoch: the truth in green, what the network found in
      orange (probability ½ and above). The same regions each time, not changed.
    </p>
    ${epochs.map(
      ({ epoch, pictures }) =>
        html`<h3>After epoch ${epoch}</h3>
          <div class="montage">
            ${pictures.map(
              ({ name, uri }) =>
                html`<figure>
                  <img src="${uri}" alt="${name} after epoch ${epoch}" />
                  <figcaption>${name}</figcaption>
                </figure>`,
            )}
          </div>`,
    )}
  </section>`;
}

function termsSection({ terms }: RunReport): Html {
  return html`<section class="sheet" aria-labelledby="terms">
    <h2 id="terms">By what it was made</h2>
    <dl class="terms">
      ${terms.map(
        ({ name, text }) =>
          html`<dt>${name}</dt>
            <dd>${text}</dd>`,
      )}
    </dl>
  </section>`;
}
