import { expect, test } from "vitest";

import { isNotGiven } from "./not-given.js";

test("a reason is told from what is given, be it nothing, an object or a word", () => {
  expect(isNotGiven({ undefined: "no lung mask" })).toBe(true);
  for (const given of [0, 1.5, "undefined", undefined, null, [], { ml: 3 }]) expect(isNotGiven(given)).toBe(false);
});
