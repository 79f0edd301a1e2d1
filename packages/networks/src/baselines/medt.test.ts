import { scope } from "@multirnet/engine";
import { expect, test } from "vitest";

import { lesionOf } from "../network.js";
import { createNetwork, resolveNetwork } from "../registry.js";
import { noise } from "../testing/formula.js";
import { EVALUATION, training } from "../testing/passes.js";

test("MedT with the slices' own statistics gives in evaluation what it gives in training, and moves none", () => {
  scope(() => {
    const network = createNetwork(resolveNetwork({ name: "medt", preset: "tiny", statistics: "batch" }), 1);
    const slices = noise("slices", [2, 3, 128, 128]);
    const before = [...network.state()].map(([path, tensor]) => [path, tensor.toNumbers()]);
    const evaluated = lesionOf(network.forward(slices, EVALUATION))?.toNumbers();
    expect([...network.state()].map(([path, tensor]) => [path, tensor.toNumbers()])).toEqual(before);
    expect(evaluated).toEqual(lesionOf(network.forward(slices, training()))?.toNumbers());
    network.release();
  });
});
