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
 * end. Nothing else differs from network to network but what `recipe: published` says, where the config asks for it. Under --out, in a folder for config,
 * fold, minutes and threads, it writes a run folder a network, budgets.json and budgets.md. Called again it goes on where it was.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";

import { aboutEngine, setThreads } from "@multirnet/engine";
import type { MeanScoreJson } from "@multirnet/evaluation";
import {
  measureRun,
  parseTrainConfig,
  resumeTraining,
  train,
  type MeasuredRun,
  type TrainConfig,
} from "@multirnet/learning";
import { networkEntry, parameterCount } from "@multirnet/networks";
import { parse, stringify } from "yaml";

import { conditions, THREADS } from "./side.ts";

const WARM_UP = 3; // steps that are not timed
const TIMED = 8;
const SCORES = ["vdsc", "sdsc", "sdscAt3Mm", "asdMm"] as const;

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
const { fold, minutes, threads } = values;
const path = resolve(file);
const base = parse(readFileSync(path, "utf8")) as Record<string, unknown>;
const out = join(values.out, `${String(base["name"])}-fold${fold}-${minutes}min-${threads}threads`);
const machine = `${conditions([`libtorch ${aboutEngine().version}`])}; ${threads} threads; fold ${fold}; ${minutes} minutes each`;
setThreads(Number(threads));
mkdirSync(out, { recursive: true });

interface Row extends Pick<MeasuredRun, "segmentation" | "cases"> {
  readonly network: string;
  readonly parameters: number;
  readonly steps: number;
  readonly minutes: number; // of the steps
  readonly secondsPerStep: number; // median
}

const rows: Row[] = [];
for (const name of values.networks.split(",")) {
  const run = join(out, name);
  if (existsSync(join(run, "config.yaml"))) await resumeTraining(run);
  else await train(configOf(name, await epochsFor(name)), run, { fold: Number(fold) });
  const steps = secondsOfSteps(run);
  const { segmentation, cases } = await measureRun(run);
  const row: Row = {
    network: name,
    parameters: parameterCount(configOf(name, 1).network),
    steps: steps.length,
    minutes: steps.reduce((sum, one) => sum + one, 0) / 60,
    secondsPerStep: median(steps),
    segmentation,
    cases,
  };
  rows.push(row);
  console.log(`${name}: ${cellsOf(row).join(" | ")}`);
}
writeFileSync(join(out, "budgets.json"), `${JSON.stringify({ machine, rows }, undefined, 2)}\n`);
const head = ["network", "parameters", "steps", "minutes", "s a step", ...SCORES];
const lines = [head, head.map(() => "---"), ...rows.map(cellsOf)].map((cells) => `| ${cells.join(" | ")} |`);
writeFileSync(join(out, "budgets.md"), `${machine}\n\n${lines.join("\n")}\n`);
console.log(lines.join("\n"));

function configOf(name: string, epochs: number): TrainConfig {
  const { tasks } = networkEntry(name);
  const network = { name, preset: "small", ...(tasks.length > 1 ? { task: "segmentation" } : {}) };
  const dataset = resolve(dirname(path), String(base["dataset"]));
  return parseTrainConfig(stringify({ ...base, name: `budget-${name}`, dataset, network, epochs }), path);
}

/** Trains a few steps into a folder that is thrown away. @returns how many epochs fit in the time */
async function epochsFor(name: string): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "budget-"));
  const epochs = WARM_UP + TIMED; // enough, as an epoch has a step at least
  const stop = new AbortController();
  let stepsPerEpoch = 1;
  try {
    const run = join(folder, "run");
    await train(configOf(name, epochs), run, {
      fold: Number(fold),
      signal: stop.signal,
      onEvent: (event) => {
        if (event.kind !== "step") return;
        stepsPerEpoch = event.steps / epochs;
        if (event.step >= WARM_UP + TIMED) stop.abort();
      },
    });
    const seconds = median(secondsOfSteps(run).slice(WARM_UP));
    return Math.max(1, Math.floor((60 * Number(minutes)) / (seconds * stepsPerEpoch)));
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

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? NaN;
}

function cellsOf({ network, parameters, steps, minutes: took, secondsPerStep, segmentation }: Row): string[] {
  const scores = SCORES.map((score) => {
    const measured = segmentation[score as keyof typeof segmentation] as MeanScoreJson | undefined;
    return measured === undefined ? "no case has a mask" : meanText(measured);
  });
  return [network, String(parameters), String(steps), took.toFixed(1), secondsPerStep.toFixed(3), ...scores];
}

/** Mean, interval, and over how many cases; a network that outlined fewer is not better for it. */
function meanText({ mean, interval95, cases, undefinedCases }: MeanScoreJson): string {
  const without = undefinedCases.map(({ because, cases: few }) => `; ${String(few)} ${because}`).join("");
  if (typeof mean !== "number") return mean.undefined + without;
  const interval =
    typeof interval95 === "object" && "low" in interval95
      ? ` [${interval95.low.toFixed(3)}, ${interval95.high.toFixed(3)}]`
      : "";
  return `${mean.toFixed(3)}${interval} over ${String(cases)}${without}`;
}
