import { expect, test } from "vitest";

import { expectGolden, readGolden } from "../testing/golden.js";

// Made by scripts/golden/monai_unets.py.
const golden = readGolden(new URL("unetpp3d.golden.json", import.meta.url));

test.each(golden.cases)("3D U-Net++ agrees with MONAI: $name", (one) => {
  expectGolden("unetpp3d", golden.scan, one);
  expect.hasAssertions();
});
