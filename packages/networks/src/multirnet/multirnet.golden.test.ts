import { expect, test } from "vitest";

import { expectGolden, readGolden } from "../testing/golden.js";

// Made by scripts/golden/multirnet.py from benchmarks/peer/multirnet.py, the network written for PyTorch from its description.
const golden = readGolden(new URL("multirnet.golden.json", import.meta.url));

test.each(golden.cases)("MultiR-Net agrees with PyTorch: $name", (one) => {
  expectGolden("multirnet", golden.scan, one);
  expect.hasAssertions();
});
