import { expect, test } from "vitest";

import { html, trusted } from "./html.js";

test("text, attributes and lists are escaped, markup is not, nothing is nothing", () => {
  const evil = `<script>alert("1 & 2")</script>'`;
  const safe = "&lt;script&gt;alert(&quot;1 &amp; 2&quot;)&lt;/script&gt;&#39;";
  expect(html`<p title="${evil}">${evil}</p>`.markup).toBe(`<p title="${safe}">${safe}</p>`);
  expect(html`${[evil, 3, html`<b>${evil}</b>`]}${undefined}${trusted("<i>")}`.markup).toBe(
    `${safe}3<b>${safe}</b><i>`,
  );
});

test("what is already escaped is text like any other", () => {
  expect(html`${"&amp;"}`.markup).toBe("&amp;amp;");
});
