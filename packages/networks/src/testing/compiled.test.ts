import { aboutEngine, scope, withoutGradients } from "@multirnet/engine";
import { describe, expect, test } from "vitest";

import { compiled } from "../compiled-network.js";
import { namedHeads } from "../network.js";
import { createNetwork, NETWORKS, networkEntry, resolveNetwork } from "../registry.js";
import { overVolumes } from "../slicewise.js";
import { expectSameAnswers, expectSameLearning } from "./compiled.js";
import { noise } from "./formula.js";
import { EVALUATION, training } from "./passes.js";

describe.skipIf(aboutEngine().block === 0)("a compiled network", () => {
  test.each(NETWORKS.map((entry) => [entry.name, entry] as const))("answers as %s", (_, entry) => {
    expectSameAnswers(entry);
  });

  // All others: compiled.slow.test.ts.
  test.each(["multirnet", "unet3d", "densenet121-2d"])("learns as %s", (name) => {
    expectSameLearning(networkEntry(name));
  });

  // A grey slice seen as three channels is a view of one: its strides are not those of three.
  test.each(["unet2d", "densenet121-2d", "covnet"])("takes the slices of volumes as %s does", (name) => {
    scope(() => {
      const network = createNetwork(resolveNetwork({ name, preset: "small" }), 1);
      const scan = noise("volume", [2, 1, 3, 64, 96]);
      for (const pass of [training(), EVALUATION]) {
        const heads = (fast: boolean): number[][] => {
          const found = overVolumes(fast ? compiled(network) : network).forward(scan, pass);
          return Array.from(namedHeads(found).values(), (head) => head.toNumbers());
        };
        withoutGradients(() => {
          for (const [head, own] of heads(false).entries()) {
            const range = Math.max(...own.map(Math.abs));
            for (const [i, value] of (heads(true)[head] as number[]).entries())
              expect(Math.abs(value - (own[i] as number))).toBeLessThan(1e-4 * range);
          }
        });
      }
      network.release();
    });
  });
});
