import { expect, test } from "vitest";

import { expectGolden, readGolden } from "../testing/golden.js";

// Made by scripts/golden/references.py.
const golden = readGolden(new URL("medt.golden.json", import.meta.url));

test.each(golden.cases)("MedT agrees with its public implementation: $name", (one) => {
  expectGolden("medt", golden.scan, one);
  expect.hasAssertions();
});
