import { expect, test } from "vitest";

import { expectGolden, readGolden } from "../testing/golden.js";

// Made by scripts/golden/references.py.
const golden = readGolden(new URL("infnet.golden.json", import.meta.url));

test.each(golden.cases)("Inf-Net agrees with its public implementation: $name", (one) => {
  expectGolden("infnet", golden.scan, one);
  expect.hasAssertions();
});
