import { expect, test } from "vitest";

import { expectGolden, readGolden } from "../testing/golden.js";

// Made by scripts/golden/monai_unets.py.
const golden = readGolden(new URL("attention-unet.golden.json", import.meta.url));

test.each(golden.cases)("Attention U-Net agrees with MONAI: $name", (one) => {
  expectGolden("attention-unet", golden.scan, one);
  expect.hasAssertions();
});
