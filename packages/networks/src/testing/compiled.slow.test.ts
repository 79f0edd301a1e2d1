import { aboutEngine } from "@multirnet/engine";
import { describe, test } from "vitest";

import { NETWORKS } from "../registry.js";
import { expectSameLearning } from "./compiled.js";

describe.skipIf(aboutEngine().block === 0)("a compiled network", () => {
  test.each(NETWORKS.map((entry) => [entry.name, entry] as const))("learns as %s", (_, entry) => {
    expectSameLearning(entry);
  });
});
