import { expect, test } from "vitest";

import { expectGolden, readGolden } from "../testing/golden.js";

// Made by scripts/golden/vnet.py from MONAI's nets/vnet.py.
const golden = readGolden(new URL("vnet.golden.json", import.meta.url));

test.each(golden.cases)("V-Net agrees with MONAI: $name", (one) => {
  expectGolden("vnet", golden.scan, one);
  expect.hasAssertions();
});
