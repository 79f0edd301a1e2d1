import { expect, test } from "vitest";

import { shown } from "./shown.js";

test("a quoted text is on one line, in characters that print, and not long", () => {
  expect(shown("encoder.läger/0 x")).toBe("encoder.läger/0 x");
  expect(shown("a\nb\x1b[2J\u009b\u202e\ud800")).toBe("a\\u{a}b\\u{1b}[2J\\u{9b}\\u{202e}\\u{d800}");
  expect(shown("y".repeat(100))).toBe("y".repeat(100));
  expect(shown("y".repeat(101))).toBe(`${"y".repeat(100)}…`);
});
