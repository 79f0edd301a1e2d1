import { html, type Html } from "./html.js";

/** What its reader must know first; nothing where there is nothing to warn of. */
export function warningsSection(warnings: readonly string[]): Html | undefined {
  if (warnings.length === 0) return undefined;
  return html`<section class="warnings" aria-labelledby="warnings">
    <h2 id="warnings">⚠ ${warnings.length === 1 ? "Warning" : `${warnings.length} warnings`}</h2>
    <ul>
      ${warnings.map((warning) => html`<li>${warning}</li>`)}
    </ul>
  </section>`;
}
