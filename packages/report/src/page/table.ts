import { isNotGiven, type NotGiven } from "@multirnet/base";

import { html, type Html } from "./html.js";
import { numberText } from "./quantity.js";

/** Rows of text or numbers under their headings; a column with a number is set right. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | number | NotGiven)[])[];
  readonly note: string; // what the figures are over
}

export function tableOf({ head, rows, note }: Table): Html {
  const kind = (column: number): string => (rows.some((row) => typeof row[column] === "number") ? "number" : "text");
  return html`<div class="scroll">
      <table>
        <thead>
          <tr>
            ${head.map((name, column) => html`<th class="${kind(column)}" scope="col">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row) =>
              html`<tr>
                ${row.map((value, column) => html`<td class="${kind(column)}">${cellText(value)}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <p class="faint">${note}</p>`;
}

function cellText(value: string | number | NotGiven): string {
  if (isNotGiven(value)) return value.undefined;
  return typeof value === "number" ? numberText(value) : value;
}
