import { expect, test } from "vitest";

import { firstFew } from "./first-few.js";

test("up to five names are said, of more the first five and how many there are besides", () => {
  expect(firstFew([])).toBe("");
  expect(firstFew(["a", "b"])).toBe("a, b");
  expect(firstFew(["a", "b", "c", "d", "e"])).toBe("a, b, c, d, e");
  expect(firstFew(["a", "b", "c", "d", "e", "f", "g"])).toBe("a, b, c, d, e and 2 more");
  expect(firstFew(["a is b", "c is d"], "; ")).toBe("a is b; c is d");
});
