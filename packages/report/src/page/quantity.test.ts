import { expect, test } from "vitest";

import { numberText, percentText, quantity } from "./quantity.js";

test.each([
  [1234567, "1\u202f234\u202f567"],
  [-12345.4, "-12\u202f345"],
  [9999, "9999"],
  [1234.5, "1235"],
  [99.96, "100"],
  [99.94, "99.9"],
  [9.996, "10.0"],
  [9.994, "9.99"],
  [0.9996, "1.00"],
  [0.0471, "0.047"],
  [0, "0"],
  [-12.34, "-12.3"],
])("%d is written %s", (value, text) => {
  expect(numberText(value)).toBe(text);
});

test.each([
  [0, "0 %"],
  [0.0004, "< 1 %"],
  [0.01, "1 %"],
  [0.505, "51 %"],
  [0.99, "99 %"],
  [0.996, "> 99 %"],
  [1, "100 %"],
])("a share of %d is %s", (share, text) => {
  expect(percentText(share)).toBe(text);
});

test("a quantity has its unit, or the reason why there is none", () => {
  expect(quantity(5.678, "ml").markup).toBe('5.68 <span class="unit">ml</span>');
  expect(quantity("moderate").markup).toBe("moderate");
  expect(quantity({ undefined: "no <lung> mask" }, "ml").markup).toBe("not given: no &lt;lung&gt; mask");
});
