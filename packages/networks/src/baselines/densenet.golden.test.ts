import { expect, test } from "vitest";

import { expectGolden, readGolden } from "../testing/golden.js";

// Made by scripts/golden/references.py.
const golden = readGolden(new URL("densenet.golden.json", import.meta.url));

test.each(golden.cases)("DenseNet agrees with its public implementation: $name", (one) => {
  expectGolden("densenet121", golden.scan, one);
  expect.hasAssertions();
});
