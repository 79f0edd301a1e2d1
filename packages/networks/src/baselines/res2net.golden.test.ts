import { expect, test } from "vitest";

import { expectGolden, readGolden } from "../testing/golden.js";

// Made by scripts/golden/references.py.
const golden = readGolden(new URL("res2net.golden.json", import.meta.url));

test.each(golden.cases)("Res2Net agrees with its public implementation: $name", (one) => {
  expectGolden("res2net50-2d", golden.scan, one);
  expect.hasAssertions();
});
