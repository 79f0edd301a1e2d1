import { expect, test } from "vitest";

import { describe as described } from "./described.js";

test("a value is told by what it is, never by what is in it", () => {
  const itself: unknown[] = [];
  itself.push(itself);
  const values = [
    "a\n",
    -2.5,
    2n ** 70n,
    null,
    undefined,
    true,
    itself,
    new Map([[itself, itself]]),
    new Uint8Array(3),
  ];
  expect(values.map(described)).toEqual([
    "a\\u{a}",
    "-2.5",
    "1180591620717411303424",
    "nothing",
    "nothing",
    "a boolean",
    "a list",
    "a dictionary",
    "an object",
  ]);
});
