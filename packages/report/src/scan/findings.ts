import { isNotGiven, type NotGiven } from "@multirnet/base";
import type { Xyz } from "@multirnet/imaging";

import { html, type Html } from "../page/html.js";
import { countText, percentText, quantity } from "../page/quantity.js";

import type { Fact, LesionRow, Likelihood, ScanReport } from "./scan-report.js";

/** The probabilities as bars, largest first; or why there is no diagnosis. */
export function diagnosisSection(diagnosis: readonly Likelihood[] | NotGiven): Html {
  return html`<section class="sheet" aria-labelledby="diagnosis">
    <h2 id="diagnosis">Diagnosis</h2>
    ${isNotGiven(diagnosis) ? html`<p>No diagnosis: ${diagnosis.undefined}</p>` : likelihoodTable(diagnosis)}
  </section>`;
}

function likelihoodTable(diagnosis: readonly Likelihood[]): Html {
  const ranked = diagnosis.toSorted((a, b) => b.probability - a.probability);
  const rows = ranked.map(({ name, probability }, rank) => {
    const widthPercent = (Math.min(1, Math.max(0, probability)) * 100).toFixed(1);
    return html`<tr${rank === 0 ? html` class="first"` : undefined}><th scope="row">${name}</th>
<td><span class="bar" aria-hidden="true"><span style="width:${widthPercent}%"></span></span></td>
<td class="number">${percentText(probability)}</td></tr>`;
  });
  return html`<p>
      Most likely <strong>${ranked[0]?.name}</strong>, of the ${ranked.length} classes that the network knows.
    </p>
    <table class="likelihood">
      <caption hidden>
        Probability of each class
      </caption>
      <tbody>
        ${rows}
      </tbody>
    </table>`;
}

export function factsSection(facts: readonly Fact[]): Html {
  const entries = facts.map(
    ({ name, value, unit }) =>
      html`<div><dt>${name}</dt><dd${isNotGiven(value) ? html` class="absent"` : undefined}>${quantity(value, unit)}</dd></div>`,
  );
  return html`<section class="sheet" aria-labelledby="measures">
    <h2 id="measures">Measures</h2>
    <dl class="facts">${entries}</dl>
  </section>`;
}

const MOST_ROWS = 20;

/** A row a lesion, the largest first; of many only the first twenty, and the count of the others. */
export function lesionSection({ lesionTable, lesions }: ScanReport): Html {
  const rows = lesionTable.toSorted((a, b) => a.rank - b.rank).slice(0, MOST_ROWS);
  const others = lesionTable.length - rows.length;
  return html`<section class="sheet" aria-labelledby="lesions">
    <h2 id="lesions">Lesions${isNotGiven(lesions) ? undefined : ` (${lesionTable.length})`}</h2>
    ${isNotGiven(lesions) ? html`<p>No lesions outlined: ${lesions.undefined}</p>` : undefined}
    ${!isNotGiven(lesions) && rows.length === 0 ? html`<p>No lesion found.</p>` : undefined}
    ${rows.length === 0 ? undefined : lesionTableHtml(rows)} ${absentVolumes(rows)}
    ${others === 0 ? undefined : html`<p class="faint">And ${others} smaller ${others === 1 ? "one" : "ones"}.</p>`}
  </section>`;
}

/** Why volumes are missing: once, not in each row. */
function absentVolumes(rows: readonly LesionRow[]): readonly Html[] {
  const reasons = new Set(rows.flatMap(({ ml }) => (isNotGiven(ml) ? [ml.undefined] : [])));
  return [...reasons].map((reason) => html`<p class="faint">Volume not given: ${reason}.</p>`);
}

function lesionTableHtml(rows: readonly LesionRow[]): Html {
  return html`<div class="scroll">
    <table>
      <caption hidden>
        Lesions by size
      </caption>
      <thead>
        <tr>
          <th scope="col">No.</th>
          <th scope="col" class="number">Volume</th>
          <th scope="col" class="number">Voxels</th>
          <th scope="col">Centre (mm, patient axes)</th>
          <th scope="col">First voxel</th>
          <th scope="col">Extent (voxels)</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ({ rank, ml, voxels, centreMm, box }) =>
            html`<tr>
              <td>${rank}</td>
              <td class="number">${isNotGiven(ml) ? "–" : quantity(ml, "ml")}</td>
              <td class="number">${countText(voxels)}</td>
              <td>${placeText(centreMm)}</td>
              <td>${tripleText(box.from)}</td>
              <td>${tripleText(box.size, " × ")}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** LPS millimetres with the letter of the side that each lies on, from the scanner's origin. */
function placeText({ x, y, z }: Xyz): string {
  const part = (value: number, ahead: string, behind: string): string =>
    `${value < 0 ? behind : ahead} ${Math.abs(value).toFixed(1)}`;
  return [part(x, "L", "R"), part(y, "P", "A"), part(z, "H", "F")].join(", ");
}

function tripleText({ x, y, z }: Xyz, between = ", "): string {
  return [x, y, z].join(between);
}
