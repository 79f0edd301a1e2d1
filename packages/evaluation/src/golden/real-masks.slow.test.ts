import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

import { differences, largest, type ExpectedScores } from "../testing/golden.js";
import { gridOf, xyz } from "../testing/masks.js";

// Real infection masks and distorted copies of them, scored anew by google-deepmind/surface-distance, scipy and numpy:
// SURFACE_DISTANCE is a checkout of that package, PYTHON a Python with numpy, scipy and nibabel.
const root = fileURLToPath(new URL("../../../../", import.meta.url));
const data = join(root, "../shared/data/covid-ct-seg-aligned");
const script = join(root, "scripts/golden/segmentation-metrics.py");
const published = process.env["SURFACE_DISTANCE"];

interface RealPair {
  readonly case: string;
  readonly size: number[];
  readonly spacingMm: number[];
  readonly expected: ExpectedScores;
}

const because = !existsSync(data)
  ? "the real masks are not here"
  : published === undefined
    ? "SURFACE_DISTANCE does not say where the published package is"
    : undefined;

test("scores of 10 real pairs agree with independent implementations", ({ skip }) => {
  skip(because !== undefined, because);
  const folder = mkdtempSync(join(tmpdir(), "real-masks-"));
  try {
    execFileSync(process.env["PYTHON"] ?? "python3", [script, "real", published ?? "", data, folder, "10"]);
    const pairs = JSON.parse(readFileSync(join(folder, "pairs.json"), "utf8")) as RealPair[];
    expect(pairs.length).toBe(10);
    const all = pairs.map(({ size, spacingMm, expected }, number) => {
      const volume = (kind: string) => ({
        meaning: "label" as const,
        grid: gridOf(xyz(size), xyz(spacingMm)),
        voxels: new Uint8Array(readFileSync(join(folder, `${number}.${kind}`))),
      });
      return differences(volume("truth"), volume("prediction"), expected);
    });
    const off = largest(all);
    process.stdout.write(`largest differences over ${pairs.length} real pairs: ${JSON.stringify(off, null, 2)}\n`);
    for (const [name, difference] of Object.entries(off)) {
      expect(difference, name).toBeLessThan(name.endsWith("Mm") ? 1e-4 : 1e-9);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
