/**
 * Resident memory over training steps, in the training loop itself: data drawn, augmented, stepped, logged, with checkpoints.
 *
 *     npx tsc -b tsconfig.build.json && node scripts/run-typescript.js benchmarks/memory.ts [--steps 300] [--batch 2] [--out out/bench]
 *
 * The small preset on eight phantoms at the paper's region of 32×96×96. Prints resident memory at some steps and the ratio of the last to step 50, and
 * writes memory.json.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { parseTrainConfig, train, writePhantoms } from "@multirnet/learning";

const FROM_STEP = 50; // by then every buffer has been made once

const { values } = parseArgs({
  options: {
    steps: { type: "string", default: "300" },
    batch: { type: "string", default: "2" },
    out: { type: "string", default: "out/bench" },
  },
});
const steps = Number(values.steps);
const batch = Number(values.batch);
const CASES = 8;
const folder = mkdtempSync(join(tmpdir(), "multirnet-memory-"));
const residentMb: number[] = []; // by step, from 0
try {
  await writePhantoms(join(folder, "data"), { cases: CASES, seed: 1 });
  const config = parseTrainConfig(
    JSON.stringify({
      name: "memory",
      dataset: join(folder, "data"),
      network: { name: "multirnet", preset: "small" },
      batchSize: batch,
      epochs: Math.ceil((steps * batch) / CASES),
      checkpointMinutes: 1,
    }),
    "memory",
  );
  await train(config, join(folder, "run"), {
    onEvent: (event) => {
      if (event.kind === "step") residentMb.push(resident());
    },
  });
} finally {
  rmSync(folder, { recursive: true });
}
const at = (step: number): number => residentMb[step - 1] ?? Number.NaN;
const ratio = at(steps) / at(FROM_STEP);
for (let step = FROM_STEP; step <= steps; step += FROM_STEP) console.log(`step ${step}: ${at(step).toFixed(0)} MiB`);
console.log(
  `step ${steps} over step ${FROM_STEP}: ${ratio.toFixed(3)}, most ${Math.max(...residentMb).toFixed(0)} MiB`,
);
mkdirSync(values.out, { recursive: true });
writeFileSync(join(values.out, "memory.json"), `${JSON.stringify({ steps, batch, ratio, residentMb })}\n`);

function resident(): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1024;
}
