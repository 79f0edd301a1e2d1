import { expect, test } from "vitest";

import { expectGolden, readGolden } from "../testing/golden.js";

// Made by scripts/golden/references.py.
const golden = readGolden(new URL("jcs.golden.json", import.meta.url));

test.each(golden.cases)("JCS agrees with its public implementation: $name", (one) => {
  expectGolden("jcs", golden.scan, one);
  expect.hasAssertions();
});
