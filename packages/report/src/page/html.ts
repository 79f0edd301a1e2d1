/** Markup that is safe to put into a page: only `html` and `trusted` make it. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

/** What may stand in a template: text and numbers are escaped, markup is not, a list is joined, nothing is nothing. */
export type Part = Html | string | number | undefined | readonly Part[];

/**
 * A template whose holes are escaped, for text and for quoted attributes alike; so a case named `<script>` is a case named so.
 *
 *     html`<p title="${name}">${parts.map((part) => html`<b>${part}</b>`)}</p>`
 */
export function html(fixed: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(fixed.map((text, i) => text + markupOf(parts[i])).join(""));
}

/** Markup written in this room, not made from anybody's text. */
export function trusted(markup: string): Html {
  return new Html(markup);
}

function markupOf(part: Part): string {
  if (part === undefined) return "";
  if (part instanceof Html) return part.markup;
  if (typeof part === "string" || typeof part === "number") return escaped(String(part));
  return part.map(markupOf).join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
