import { html, trusted, type Html } from "./html.js";
import { STYLE } from "./style.js";

/**
 * A whole page with the look that all pages of multirnet share: light or dark as the reader's system is, good to print. It needs
 * no network and can reach none: its content security policy allows inline style and data images, no script.
 *
 * @param title of the window
 * @param body one `<header>`, one `<main>`, one `<footer>`; the headings start with one `<h1>`
 * @returns an HTML 5 document
 */
export function pageHtml(title: string, body: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"
        />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <title>${title}</title>
        <style>
          ${trusted(STYLE)}
        </style>
      </head>
      <body>
        ${body}
      </body>
    </html> `.markup;
}
