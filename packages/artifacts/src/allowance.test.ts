import { expect, test } from "vitest";

import { allowance } from "./allowance.js";

test("a file may grow to 16 times its bytes, and any file to 64 MiB", () => {
  expect([0, 1000, 4_194_304, 4_194_305, 1e9].map(allowance)).toEqual([
    67_108_864, 67_108_864, 67_108_864, 67_108_880, 16e9,
  ]);
});
