/**
 * The same budget for several networks: each, in its small preset, is trained from one config for as many epochs as fit in a time, and measured on
 * the fold that was held back, or on all folds, each case by the run that had not seen it.
 *
 *     npx multirnet dataset import covid-ct-seg-aligned SOURCE data/covid-ct-seg-aligned
 *     node scripts/run-typescript.js benchmarks/budgets.ts configs/budget-volumes.yaml --networks vnet,unet3d,unetpp3d,attention-unet,multirnet
 *     node scripts/run-typescript.js benchmarks/budgets.ts configs/real.yaml --networks multirnet --fold all --minutes 25
 *     npx multirnet dataset import covid-semiseg SOURCE data/covid-ct-2d
 *     node scripts/run-typescript.js benchmarks/budgets.ts configs/budget-slices.yaml --networks infnet,medt
 *
 * A network's step is timed first, and the number of epochs follows: it is known before the training begins, so that the learning rate comes to its
 * end. Nothing else differs from network to network but what `recipe: published` says, where the config asks for it, and the settings of --set. Under --out,
 * in a folder for config, fold, minutes and threads, it writes a run folder a network, budgets.json and budgets.md. Called again it goes on where it was.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

import { foldsFolder, foldsIn } from "@multirnet/artifacts";
import { aboutEngine, setThreads } from "@multirnet/engine";
import type { MeanScoreJson } from "@multirnet/evaluation";
import {
  measureRun,
  readTrainConfig,
  resumeFolds,
  resumeTraining,
  train,
  trainFolds,
  type MeasuredRun,
  type TrainConfig,
} from "@multirnet/learning";
import { networkEntry, parameterCount } from "@multirnet/networks";
import { parse } from "yaml";

import { epochsThatFit, median, secondsOfSteps } from "./fitting.ts";
import { conditions, THREADS } from "./side.ts";

const WORKERS = 1;
const SCORES = ["vdsc", "sdsc", "sdscAt3Mm", "aso", "asdMm"] as const;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    networks: { type: "string" },
    minutes: { type: "string", default: "15" }, // a fold
    fold: { type: "string", default: "0" }, // or all
    set: { type: "string", multiple: true, default: [] }, // over the config
    threads: { type: "string", default: String(THREADS) },
    out: { type: "string", default: "out/budgets" },
  },
});
const [file] = positionals;
if (file === undefined || values.networks === undefined) throw new Error("expected CONFIG --networks NAME,NAME,…");
const { fold, minutes, threads } = values;
const path = resolve(file);
const { name: configName } = parse(readFileSync(path, "utf8")) as { readonly name: string };
const out = join(values.out, `${configName}-fold${fold}-${minutes}min-${threads}threads`);
const machine = `${conditions([`libtorch ${aboutEngine().version}`])}; ${threads} threads; fold ${fold}; ${minutes} minutes each`;
setThreads(Number(threads));
mkdirSync(out, { recursive: true });

interface Row extends Pick<MeasuredRun, "segmentation" | "cases"> {
  readonly network: string;
  readonly parameters: number;
  readonly steps: number; // of a fold: of the longest, where folds have unequal numbers of cases
  readonly minutes: number; // of these steps
  readonly secondsPerStep: number; // median
}

const rows: Row[] = [];
for (const name of values.networks.split(",")) {
  const run = join(out, name);
  await trained(name, run);
  const folds = await foldsIn(run);
  const runs = folds === undefined ? [run] : folds.map((one) => foldsFolder(run).run(one));
  const taken = runs.map(secondsOfSteps);
  const steps = taken.toSorted((a, b) => b.length - a.length)[0] ?? [];
  const { segmentation, cases } = await measureRun(run);
  const row: Row = {
    network: name,
    parameters: parameterCount((await configOf(name, 1)).network),
    steps: steps.length,
    minutes: steps.reduce((sum, one) => sum + one, 0) / 60,
    secondsPerStep: median(taken.flat()),
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

/** Trains a network, or goes on with what was begun. */
async function trained(name: string, run: string): Promise<void> {
  const options = { workers: WORKERS };
  if (existsSync(join(run, "config.yaml"))) {
    if ((await resumeFolds(run, options)) === undefined) await resumeTraining(run, options);
    return;
  }
  const all = fold === "all";
  const timed = { fold: all ? 0 : Number(fold), workers: WORKERS };
  const config = await configOf(
    name,
    await epochsThatFit(Number(minutes), async (epochs) => configOf(name, epochs), timed),
  );
  if (all) await trainFolds(config, run, options);
  else await train(config, run, { ...options, fold: Number(fold) });
}

async function configOf(name: string, epochs: number): Promise<TrainConfig> {
  const { tasks } = networkEntry(name);
  const network = { name, preset: "small", ...(tasks.length > 1 ? { task: "segmentation" } : {}) };
  const own = ["network=null", `network=${JSON.stringify(network)}`]; // in place of the config's, not joined with it
  return readTrainConfig(path, [...own, `name=budget-${name}`, ...values.set, `epochs=${String(epochs)}`]);
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
