import { aboutEngine } from "@multirnet/engine";
import { describe, test } from "vitest";

import { NETWORKS, networkEntry } from "../registry.js";
import { expectSameAnswers, expectSameLearning } from "./compiled.js";

describe.skipIf(aboutEngine().block === 0)("a compiled network", () => {
  test.each(NETWORKS.map((entry) => [entry.name, entry] as const))("answers as %s", (_, entry) => {
    expectSameAnswers(entry);
  });

  // All others: compiled.slow.test.ts.
  test.each(["multirnet", "unet3d", "densenet121-2d"])("learns as %s", (name) => {
    expectSameLearning(networkEntry(name));
  });
});
