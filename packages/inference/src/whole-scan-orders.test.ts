import { expect, test } from "vitest";

import { RandomSource } from "@multirnet/base";
import { orientation, orientTo, type Grid, type Volume } from "@multirnet/imaging";

import { gridOf, scanOf, settingsOf } from "./testing/scans.js";
import { byPlace, pointwise, StubNetwork } from "./testing/stub-networks.js";
import { findInScan, type ScanFinding } from "./whole-scan.js";

// Unequal on purpose. Along z it is smoothed and resampled, along x resampled, along y left as it is.
const upright = gridOf({ x: 11, y: 7, z: 9 }, { x: 0.75, y: 1.25, z: 1 });
const [cos, sin] = [Math.cos(0.35), Math.sin(0.35)];
const tilted: Grid = {
  ...upright, // 20 degrees about z, then 20 about the new x
  axes: {
    x: { x: cos, y: sin, z: 0 },
    y: { x: -sin * cos, y: cos * cos, z: sin },
    z: { x: sin * sin, y: -cos * sin, z: cos },
  },
};
const settings = settingsOf({
  preprocessing: {
    spacingMm: { x: 1, y: 1.25, z: 1.75 },
    windowHu: { low: -1000, high: 400 },
    region: { x: 5, y: 4, z: 3 },
  },
  inference: { minimumLesionMm3: 3 },
  labels: ["ground-glass", "consolidation"],
});

const random = new RandomSource(3, "orders");
const noise = Float32Array.from({ length: 11 * 7 * 9 }, () => random.between(-900, 300));
const places = Float32Array.from({ length: 5 * 4 * 3 }, () => random.between(-2, 2));

/** What a voxel gets depends on its place in the window too, so that an order of axes that reaches the network shows. */
const network = new StubNetwork({
  lesion: (input) => pointwise({ slope: 8, offset: -4 }, { slope: -6, offset: 3 })(input).add(byPlace(places)(input)),
});

const codes = ["LPS", "LSP", "PLS", "PSL", "SLP", "SPL"].flatMap((letters) =>
  [0, 1, 2, 3, 4, 5, 6, 7].map((flips) =>
    Array.from(letters, (letter, i) => ((flips >> i) & 1 ? { L: "R", P: "A", S: "I" }[letter] : letter)).join(""),
  ),
);

const scans: Readonly<Record<string, Volume<"hounsfield">>> = {
  upright: scanOf(upright, (x, y, z) => noise[x + 11 * (y + 7 * z)] ?? NaN),
  tilted: scanOf(tilted, (x, y, z) => noise[x + 11 * (y + 7 * z)] ?? NaN),
};

test.each(Object.entries(scans))(
  "a scan that lies %s gives the same bits in all 48 orders of its axes, each on the grid it was stored on",
  async (_, scan) => {
    const expected = await findInScan(network, scan, settings);
    const counts = [0, 1, 2].map((label) => expected.lesions.voxels.filter((voxel) => voxel === label).length);
    expect(Math.min(...counts)).toBeGreaterThan(20); // so that there is something to get wrong
    expect(new Set(codes).size).toBe(48);
    for (const code of codes) {
      const stored = orientTo(scan, code);
      expect(orientation(stored.grid)).toBe(code);
      const found = await findInScan(network, stored, settings);
      expect(found.lesions.grid).toEqual(stored.grid);
      expect(found.probability?.grid).toEqual(stored.grid);
      expect(voxelsInPatient(found)).toEqual(voxelsInPatient(expected));
    }
  },
);

function voxelsInPatient({ lesions, probability }: ScanFinding): unknown {
  return [orientTo(lesions).voxels, probability === undefined ? undefined : orientTo(probability).voxels];
}
