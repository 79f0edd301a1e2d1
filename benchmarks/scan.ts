/**
 * A whole scan in, the report out: `predict` as a user runs it, beside the forward passes of its windows alone.
 *
 *     npx tsc -b tsconfig.build.json && node scripts/run-typescript.js benchmarks/scan.ts [--model models/covid-lesions-small] [--size 512x512x300] [--runs 3]
 *
 * The scan is a synthetic one. Each turn runs `predict` in a process of its own, then the passes of as many windows in this one, two at a time as the
 * sliding window does. Prints both times and their ratio, and writes scan.json.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { RandomSource } from "@multirnet/base";
import { syntheticScan } from "@multirnet/bench";
import { aboutEngine, keep, scope, setThreads, tensorFrom, withoutGradients } from "@multirnet/engine";
import { writeNifti } from "@multirnet/imaging/node";
import { loadModel, windowsOver, workingImage, workingSpacing } from "@multirnet/inference";

import { conditions, THREADS } from "./side.ts";

const TOGETHER = 2; // windows
const program = fileURLToPath(new URL("../packages/cli/bin/multirnet.js", import.meta.url));

const { values: options } = parseArgs({
  options: {
    model: { type: "string", default: "models/covid-lesions-small" },
    size: { type: "string", default: "512x512x300" },
    runs: { type: "string", default: "3" },
    out: { type: "string", default: "out/bench" },
  },
});

setThreads(THREADS);
const [x = 1, y = 1, z = 1] = options.size.split("x").map(Number);
const folder = mkdtempSync(join(tmpdir(), "multirnet-scan-"));
try {
  const scan = join(folder, "scan.nii.gz");
  const volume = syntheticScan({ x, y, z });
  await writeNifti(scan, volume);
  const { network, card } = await loadModel(options.model);
  const { region, windowHu } = card.preprocessing;
  const { body } = workingImage(volume, workingSpacing(card.preprocessing), windowHu);
  const windows = windowsOver(body, { region, overlap: card.inference.overlap }).length;
  const window = scope(() => {
    const random = new RandomSource("scan");
    const voxels = TOGETHER * region.x * region.y * region.z;
    return keep(
      tensorFrom(
        Float32Array.from({ length: voxels }, () => random.uniform()),
        [TOGETHER, 1, region.z, region.y, region.x],
      ),
    );
  });
  const passes = (count: number): number => {
    const start = performance.now();
    for (let done = 0; done < count; done += TOGETHER)
      scope(() => withoutGradients(() => network.forward(window, { mode: "eval", random: new RandomSource(0) })));
    return performance.now() - start;
  };
  passes(2 * TOGETHER); // compiled, its memory taken
  const turns: { readonly wholeMs: number; readonly windowsMs: number }[] = [];
  for (let turn = 0; turn < Number(options.runs); turn++) {
    const out = join(folder, `found-${String(turn)}`);
    const start = performance.now();
    execFileSync(process.execPath, [
      program,
      "predict",
      options.model,
      scan,
      "--out",
      out,
      "--threads",
      String(THREADS),
    ]);
    const wholeMs = performance.now() - start;
    const windowsMs = passes(windows);
    turns.push({ wholeMs, windowsMs });
    const [whole, alone] = [wholeMs, windowsMs].map((ms) => `${ms.toFixed(0)} ms`) as [string, string];
    console.log(`${String(windows)} windows: ${whole}, alone ${alone}: ratio ${(wholeMs / windowsMs).toFixed(2)}`);
  }
  mkdirSync(options.out, { recursive: true });
  writeFileSync(
    join(options.out, "scan.json"),
    `${JSON.stringify({ conditions: conditions([aboutEngine().version]), size: options.size, model: options.model, windows, turns }, null, 1)}\n`,
  );
} finally {
  rmSync(folder, { recursive: true });
}
