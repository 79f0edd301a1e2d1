import { expect, test } from "vitest";

import { expectGolden, readGolden } from "../testing/golden.js";

// Made by scripts/golden/references.py.
const golden = readGolden(new URL("covnet.golden.json", import.meta.url));

test.each(golden.cases)("COVNet agrees with its public implementation: $name", (one) => {
  expectGolden("covnet", golden.scan, one);
  expect.hasAssertions();
});
