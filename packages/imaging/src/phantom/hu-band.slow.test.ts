import { expect, test } from "vitest";

import { bestHuBand } from "./hu-band.js";
import { makePhantom, PHANTOM_SIZE } from "./phantom.js";

test.each([
  { seed: 1, size: PHANTOM_SIZE },
  { seed: 5, size: PHANTOM_SIZE },
  { seed: 7, size: { x: 160, y: 128, z: 80 } },
])(
  "no band of HU outlines the lesions of 30 phantoms, seed $seed at $size",
  ({ seed, size }) => {
    function* cases(): Generator<ReturnType<typeof makePhantom>> {
      for (let index = 0; index < 30; index++) yield makePhantom({ seed, index, size });
    }
    expect(bestHuBand(cases())?.meanDice).toBeLessThan(0.5);
  },
  300_000,
);
