import { barChart, type BarChart } from "../figures/bar-chart.js";
import { dateText } from "../page/date.js";
import { html } from "../page/html.js";
import { pageHtml } from "../page/page.js";
import { quantity } from "../page/quantity.js";
import { tableOf, type Table } from "../page/table.js";
import { warningsSection } from "../page/warnings.js";
import type { Fact } from "../scan/scan-report.js";

/** All that a page on a dataset says. */
export interface DatasetReport {
  readonly name: string;
  readonly createdAt: string; // ISO 8601
  readonly facts: readonly Fact[];
  readonly charts: readonly BarChart[];
  readonly counts: Table; // of classes, sources, splits
  readonly cases: Table;
  readonly warnings: readonly string[];
}

/** One page of HTML on a dataset, with everything in it; it loads nothing and runs nothing. */
export function datasetReportHtml({ name, createdAt, facts, charts, counts, cases, warnings }: DatasetReport): string {
  return pageHtml(
    `${name}: dataset`,
    html`<header>
        <h1>${name}</h1>
        <p class="faint">Dataset, summed up <time datetime="${createdAt}">${dateText(createdAt)}</time></p>
      </header>
      <main>
        ${warningsSection(warnings)}
        <section class="sheet" aria-labelledby="facts">
          <h2 id="facts">In short</h2>
          <dl class="facts">
            ${facts.map(
              (fact) =>
                html`<div>
                  <dt>${fact.name}</dt>
                  <dd class="${typeof fact.value === "object" ? "absent" : "given"}">
                    ${quantity(fact.value, fact.unit)}
                  </dd>
                </div>`,
            )}
          </dl>
        </section>
        <section class="sheet" aria-labelledby="counts">
          <h2 id="counts">What there is</h2>
          ${tableOf(counts)}
        </section>
        <section class="sheet" aria-labelledby="charts">
          <h2 id="charts">Intensities and lesions</h2>
          <div class="columns">${charts.map(barChart)}</div>
        </section>
        <section class="sheet" aria-labelledby="cases">
          <h2 id="cases">Cases</h2>
          ${tableOf(cases)}
        </section>
      </main>
      <footer><p>Research software, not a medical device.</p></footer>`,
  );
}
