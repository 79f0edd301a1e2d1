import { aboutEngine } from "@multirnet/engine";
import { describe, expect, test } from "vitest";

import { allGoldens } from "./all-goldens.js";
import { expectGolden } from "./golden.js";

test.skipIf(aboutEngine().cuda)("runs on a CUDA device, and libtorch finds none here", ({ skip }) => {
  skip();
});

if (aboutEngine().cuda) {
  describe("on a CUDA device", () => {
    test.each(allGoldens())("$network agrees with its public implementation: $form", ({ network, one }) => {
      expectGolden(network, one, "cuda");
      expect.hasAssertions();
    });
  });
}
