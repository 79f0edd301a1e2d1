/**
 * The same budget for several networks: each, in its small preset, is trained from one config for as many epochs as fit in a time, and measured on
 * the fold that was held back.
 *
 *     npx multirnet dataset import covid-ct-seg-aligned SOURCE data/covid-ct-seg-aligned
 *     node scripts/run-typescript.js benchmarks/budgets.ts configs/budget-volumes.yaml --networks vnet,unet3d,unetpp3d,attention-unet,multirnet
 *     npx multirnet dataset import covid-semiseg SOURCE data/covid-ct-2d
 *     node scripts/run-typescript.js benchmarks/budgets.ts configs/budget-slices.yaml --networks infnet,medt
 *
 * A network's step is timed first, and the number of epochs follows: it is known before the training begins, so that the learning rate comes to its
 * end. Nothing else differs from network to network but what `recipe: published` says, where the config asks for it. Writes a run folder a network, and
 * budgets.json and budgets.md. A network whose run is there already is measured and not trained again.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";

import { aboutEngine, setThreads } from "@multirnet/engine";
import { measureRun, parseTrainConfig, train, type TrainConfig } from "@multirnet/learning";
import { networkEntry, undrawnNetwork } from "@multirnet/networks";
import { parse, stringify } from "yaml";

import { conditions, THREADS } from "./side.ts";

const WARM_UP = 3; // steps that are not timed
const TIMED = 8;
const SCORES = ["vdsc", "sdsc", "asdMm"] as const;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    networks: { type: "string" },
    minutes: { type: "string", default: "15" },
    fold: { type: "string", default: "0" },
    threads: { type: "string", default: String(THREADS) },
    out: { type: "string", default: "out/budgets" },
  },
});
const [file] = positionals;
if (file === undefined || values.networks === undefined) throw new Error("expected CONFIG --networks NAME,NAME,…");
const [path, fold, minutes] = [resolve(file), Number(values.fold), Number(values.minutes)];
const base = parse(readFileSync(path, "utf8")) as Record<string, unknown>;
setThreads(Number(values.threads));
mkdirSync(values.out, { recursive: true });

const rows = [];
for (const name of values.networks.split(",")) {
  const run = join(values.out, name);
  if (!existsSync(join(run, "checkpoints", "last.safetensors"))) {
    const { secondsPerStep, stepsPerEpoch } = await timed(name);
    const epochs = Math.max(1, Math.floor((60 * minutes) / (secondsPerStep * stepsPerEpoch)));
    console.log(
      `${name}: ${secondsPerStep.toFixed(3)} s a step, ${String(stepsPerEpoch)} steps an epoch: ${String(epochs)} epochs`,
    );
    await train(configOf(name, epochs), run, { fold });
  }
  const steps = secondsOfSteps(run);
  const measured = await measureRun(run);
  const scores = measured.segmentation as Record<string, unknown>;
  const row = {
    network: name,
    parameters: parametersOf(name),
    steps: steps.length,
    trainedSeconds: steps.reduce((sum, one) => sum + one, 0),
    medianSecondsPerStep: median(steps),
    scores: Object.fromEntries(SCORES.map((score) => [score, scores[score]])),
    cases: measured.cases,
  };
  rows.push(row);
  console.log(JSON.stringify({ ...row, cases: row.cases.length }));
}
const machine = `${conditions([aboutEngine().version])}; ${values.threads} threads; fold ${values.fold}; ${values.minutes} minutes each`;
writeFileSync(join(values.out, "budgets.json"), `${JSON.stringify({ machine, rows }, undefined, 2)}\n`);
const head = ["network", "parameters", "steps", "s a step", ...SCORES];
const lines = rows.map(({ network, parameters, steps, medianSecondsPerStep, scores }) => [
  network,
  String(parameters),
  String(steps),
  medianSecondsPerStep.toFixed(3),
  ...SCORES.map((score) => scoreText(scores[score])),
]);
const table = [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
writeFileSync(join(values.out, "budgets.md"), `${machine}\n\n${table}\n`);
console.log(`${machine}\n\n${table}`);

function configOf(name: string, epochs: number): TrainConfig {
  const { tasks } = networkEntry(name);
  const task = tasks.length > 1 ? { task: "segmentation" } : {};
  const config = { ...base, name: `budget-${name}`, network: { name, preset: "small", ...task }, epochs };
  const parsed = parseTrainConfig(stringify(config), path);
  return { ...parsed, dataset: resolve(dirname(path), parsed.dataset) };
}

/** Trains a few steps into a folder that is thrown away. */
async function timed(name: string): Promise<{ readonly secondsPerStep: number; readonly stepsPerEpoch: number }> {
  const folder = mkdtempSync(join(tmpdir(), "budget-"));
  const epochs = WARM_UP + TIMED; // enough, as an epoch has a step at least
  const stop = new AbortController();
  let stepsPerEpoch = 0;
  try {
    const run = join(folder, "run");
    await train(configOf(name, epochs), run, {
      fold,
      signal: stop.signal,
      onEvent: (event) => {
        if (event.kind !== "step") return;
        stepsPerEpoch = event.steps / epochs;
        if (event.step >= WARM_UP + TIMED) stop.abort();
      },
    });
    return { secondsPerStep: median(secondsOfSteps(run).slice(WARM_UP)), stepsPerEpoch };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function secondsOfSteps(run: string): number[] {
  const lines = readFileSync(join(run, "log.jsonl"), "utf8").trim().split("\n");
  return lines
    .map((line) => JSON.parse(line) as { kind: string; seconds: number })
    .flatMap(({ kind, seconds }) => (kind === "step" ? [seconds] : []));
}

function parametersOf(name: string): number {
  const network = undrawnNetwork(configOf(name, 1).network);
  const count = [...network.parameters().values()].reduce(
    (sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1),
    0,
  );
  network.release();
  return count;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? NaN;
}

function scoreText(score: unknown): string {
  const { mean, interval95 } = score as { mean?: number; interval95?: { low: number; high: number } };
  if (mean === undefined) return "none";
  return `${mean.toFixed(3)}${interval95 === undefined ? "" : ` [${interval95.low.toFixed(3)}, ${interval95.high.toFixed(3)}]`}`;
}
