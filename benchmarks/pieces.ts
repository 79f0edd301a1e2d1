/**
 * What each piece of a training brings, on inner splits: of each outer fold's training cases a third is set apart by patient, and judged; the fold's own cases
 * are never looked at.
 *
 *     npx multirnet dataset import covid-ct-seg-aligned SOURCE data/covid-ct-seg-aligned
 *     node scripts/run-typescript.js benchmarks/pieces.ts benchmarks/pieces.yaml [--minutes 4] [--seeds 3] [--only NAME,NAME]
 *
 * Seed s takes fold s, so that each seed has other cases; every variant has the same. The steps of all variants are timed first, and as many epochs as fit in
 * the time are trained. Differences to the base are paired by seed and case, with bootstrap intervals. Under --out it writes a run folder each, pieces.json and
 * pieces.md; called again it goes on where it was.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";

import { aboutEngine, setThreads } from "@multirnet/engine";
import { bootstrapMean } from "@multirnet/evaluation";
import { measureRun, readTrainConfig, resumeTraining, train, type TrainConfig } from "@multirnet/learning";
import { parse } from "yaml";

import { epochsThatFit, median, secondsOfSteps } from "./fitting.ts";
import { conditions, THREADS } from "./side.ts";

const SCORES = ["vdsc", "sdsc", "sdsc3", "aso", "asdMm"] as const;
type ScoreName = (typeof SCORES)[number];

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: "string", default: "4" },
    seeds: { type: "string", default: "3" },
    only: { type: "string" },
    out: { type: "string", default: "out/pieces" },
  },
});
const [file] = positionals;
if (file === undefined) throw new Error("expected a file of variants");
const { base, variants } = parse(readFileSync(file, "utf8")) as {
  readonly base: string;
  readonly variants: Readonly<Record<string, readonly string[]>>;
};
const configPath = resolve(dirname(file), base);
const only = values.only?.split(",");
const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => i);
setThreads(THREADS);
mkdirSync(values.out, { recursive: true });

/** One case under one seed: its scores by name; a score that it has not is missing. */
interface Judged {
  readonly seed: number;
  readonly case: string;
  readonly scores: Readonly<Partial<Record<ScoreName, number>>>;
}
interface Row {
  readonly variant: string;
  readonly steps: number;
  readonly secondsPerStep: number; // median
  readonly judged: readonly Judged[];
}

const chosen = Object.entries(variants)
  .filter(([variant]) => variant === "base" || only?.includes(variant) !== false)
  .map(([variant, settings]) => {
    return { variant, settings, folder: join(values.out, variant.replaceAll(/[^a-z0-9.]+/gi, "-")) };
  });
for (const { settings, folder } of chosen) await epochsFor(settings, folder); // all at once, so that the machine is the same for all

const rows: Row[] = [];
for (const { variant, settings, folder } of chosen) {
  const judged: Judged[] = [];
  let seconds: number[] = [];
  for (const seed of seeds) {
    const run = join(folder, `seed-${String(seed)}`);
    if (existsSync(join(run, "config.yaml"))) await resumeTraining(run, { workers: 1 });
    else
      await train(await configOf(settings, seed, await epochsFor(settings, folder)), run, { fold: seed, workers: 1 });
    seconds = secondsOfSteps(run);
    const { cases } = await measureRun(run, { split: "validation", out: run });
    for (const one of cases)
      if (one.segmentation !== undefined) judged.push({ seed, case: one.case, scores: scoresOf(one.segmentation) });
  }
  rows.push({ variant, steps: seconds.length, secondsPerStep: median(seconds), judged });
  write();
}

async function configOf(settings: readonly string[], seed: number, epochs: number): Promise<TrainConfig> {
  const apart = [
    "validation.share=0.34",
    `validation.everyEpochs=${String(epochs)}`,
    `validation.patience=${String(epochs)}`,
  ];
  return readTrainConfig(configPath, [...settings, `seed=${String(seed)}`, `epochs=${String(epochs)}`, ...apart]);
}

/** How many epochs of a variant fit in the time; timed once, and kept. */
async function epochsFor(settings: readonly string[], folder: string): Promise<number> {
  const kept = join(folder, "epochs");
  if (existsSync(kept)) return Number(readFileSync(kept, "utf8"));
  const fit = await epochsThatFit(Number(values.minutes), async (epochs) => configOf(settings, 0, epochs), {
    fold: 0,
    workers: 1,
  });
  mkdirSync(folder, { recursive: true });
  writeFileSync(kept, String(fit));
  return fit;
}

function scoresOf(segmentation: {
  readonly vdsc: unknown;
  readonly sdsc: unknown;
  readonly aso: unknown;
  readonly asdMm: unknown;
  readonly tolerances: readonly { readonly toleranceMm: number; readonly sdsc: unknown }[];
}): Judged["scores"] {
  const { vdsc, sdsc, aso, asdMm, tolerances } = segmentation;
  const sdsc3 = tolerances.find(({ toleranceMm }) => toleranceMm === 3)?.sdsc;
  const given = Object.entries({ vdsc, sdsc, sdsc3, aso, asdMm }).filter(([, value]) => typeof value === "number");
  return Object.fromEntries(given);
}

/** The mean of a score, and of its difference to the base over the cases that both have. */
function cellOf({ judged }: Row, score: ScoreName): string {
  const own = judged.flatMap((one) => one.scores[score] ?? []);
  const mean = (numbers: readonly number[]): number => numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
  const first = rows[0]?.judged ?? [];
  const differences = judged.flatMap((one) => {
    const other = first.find((before) => before.seed === one.seed && before.case === one.case)?.scores[score];
    const value = one.scores[score];
    return value === undefined || other === undefined ? [] : value - other;
  });
  const text = `${mean(own).toFixed(3)} (${String(own.length)})`;
  if (differences.length < 2 || judged === first) return text;
  const { low, high } = bootstrapMean(differences);
  const signed = (value: number): string => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
  return `${text}, ${signed(mean(differences))} [${signed(low)}, ${signed(high)}]`;
}

function write(): void {
  const machine = `${conditions([`libtorch ${aboutEngine().version}`])}; ${values.minutes} minutes a run, ${values.seeds} seeds`;
  writeFileSync(join(values.out, "pieces.json"), `${JSON.stringify({ machine, rows }, undefined, 2)}\n`);
  const head = ["variant", "steps", "s a step", ...SCORES];
  const table = [
    head,
    head.map(() => "---"),
    ...rows.map((row) => [
      row.variant,
      String(row.steps),
      row.secondsPerStep.toFixed(2),
      ...SCORES.map((score) => cellOf(row, score)),
    ]),
  ].map((cells) => `| ${cells.join(" | ")} |`);
  writeFileSync(join(values.out, "pieces.md"), `${machine}\n\n${table.join("\n")}\n`);
  console.log(table.at(-1));
}
