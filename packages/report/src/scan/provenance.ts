import { isNotGiven } from "@multirnet/base";
import { orientation } from "@multirnet/imaging";

import { html, type Html } from "../page/html.js";
import { numberText } from "../page/quantity.js";

import type { ScanReport } from "./scan-report.js";

/** Where the findings come from: what the outputs were trained on, the scan's grid, the versions of all that took part. */
export function provenanceSections({ trainedOn, scan: { grid }, versions }: ScanReport): Html {
  const { size, spacingMm } = grid;
  const spacing = [spacingMm.x, spacingMm.y, spacingMm.z].map(numberText).join(" × ");
  return html`<div class="columns">
    <section class="sheet" aria-labelledby="trained-on">
      <h2 id="trained-on">What each output was trained on</h2>
      <dl class="terms">
        ${trainedOn.map(
          ({ output, data }) =>
            html`<dt>${output}</dt>
              <dd>${isNotGiven(data) ? `nothing: ${data.undefined}` : data}</dd>`,
        )}
      </dl>
    </section>
    <section class="sheet" aria-labelledby="made-from">
      <h2 id="made-from">Scan and versions</h2>
      <dl class="terms">
        <dt>Voxels</dt>
        <dd>${size.x} × ${size.y} × ${size.z}</dd>
        <dt>Spacing</dt>
        <dd>${spacing} mm</dd>
        <dt>Orientation</dt>
        <dd>${orientation(grid)}</dd>
        ${Object.entries(versions).map(
          ([name, version]) =>
            html`<dt>${name}</dt>
              <dd>${version}</dd>`,
        )}
      </dl>
    </section>
  </div>`;
}
