import { isNotGiven } from "@multirnet/base";
import { largestLabel, requireSameGrid, type Volume } from "@multirnet/imaging";

import { dateText } from "../page/date.js";
import { html, type Html } from "../page/html.js";
import { pageHtml } from "../page/page.js";
import { warningsSection } from "../page/warnings.js";
import { upright } from "../planes/plane.js";

import { diagnosisSection, factsSection, lesionSection } from "./findings.js";
import { montageSection, planesSection, type Shown } from "./pictures.js";
import { provenanceSections } from "./provenance.js";
import type { ScanReport } from "./scan-report.js";

/**
 * One page of HTML with everything in it: pictures, style, words; it loads nothing and runs nothing.
 *
 * @throws ImagingError GRIDS_DIFFER where the lesions or the probabilities do not lie on the scan's grid
 */
export function scanReportHtml(report: ScanReport): string {
  return pageHtml(
    `${report.title}: chest CT report`,
    html`${header(report)}
      <main>
        ${warningsSection(report.warnings)}
        <div class="columns">${diagnosisSection(report.diagnosis)} ${factsSection(report.facts)}</div>
        ${picturesOf(report)} ${lesionSection(report)} ${provenanceSections(report)}
      </main>
      <footer><p>${report.notice}</p></footer>`,
  );
}

function header({ title, createdAt, synthetic, notice }: ScanReport): Html {
  return html`<header>
    <h1>${title}</h1>
    <p class="faint">
      Chest CT report, made
      <time datetime="${createdAt}">${dateText(createdAt)}</time>
      ${synthetic ? html` <span class="badge">Synthetic scan, no patient</span>` : undefined}
    </p>
    <p class="notice"><strong>Notice.</strong> ${notice}</p>
  </header>`;
}

function picturesOf({ scan, lesions, probability, lesionTypes }: ScanReport): Html {
  const ofScan = { name: "the scan", grid: scan.grid };
  if (!isNotGiven(lesions)) requireSameGrid(ofScan, { name: "the lesion mask", grid: lesions.grid });
  if (probability !== undefined) requireSameGrid(ofScan, { name: "the probability map", grid: probability.grid });
  const shown: Shown = {
    scan: upright(scan),
    lesions: isNotGiven(lesions) ? undefined : upright(lesions),
    probability: probability === undefined ? undefined : upright(probability),
    lesionTypes: isNotGiven(lesions) ? [] : everyType(lesions, lesionTypes),
  };
  return html`${planesSection(shown)}${montageSection(shown)}`;
}

/** A label that has no name is outlined all the same. */
function everyType(lesions: Volume<"label">, named: readonly string[]): readonly string[] {
  const most = Math.max(named.length, largestLabel(lesions));
  return Array.from({ length: most }, (_, i) => named[i] ?? `label ${i + 1}`);
}
