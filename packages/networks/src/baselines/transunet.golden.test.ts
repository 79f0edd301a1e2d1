import { expect, test } from "vitest";

import { expectGolden, readGolden } from "../testing/golden.js";

// Made by scripts/golden/references.py.
const golden = readGolden(new URL("transunet.golden.json", import.meta.url));

test.each(golden.cases)("TransUNet agrees with its public implementation: $name", (one) => {
  expectGolden("transunet", golden.scan, one);
  expect.hasAssertions();
});
