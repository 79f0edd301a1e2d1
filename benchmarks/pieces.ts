/**
 * What each piece of a training brings, on inner splits: of each outer fold's training cases a third is set apart by patient, and judged; the fold's own cases
 * are never looked at.
 *
 *     npx multirnet dataset import covid-ct-seg-aligned SOURCE data/covid-ct-seg-aligned
 *     node scripts/run-typescript.js benchmarks/pieces.ts benchmarks/pieces.yaml [--minutes 4] [--seeds 3] [--only NAME,NAME]
 *
 * Two may be called at once on the same folder, with --threads 1: each takes the next run that nobody trains. How many epochs fit is always timed on all
 * threads, by the first call, with nothing beside (--time).
 *
 * Seed s takes fold s, so that each seed has other cases; every variant has the same. The steps of all variants are timed first, and as many epochs as fit in
 * the time are trained. Differences to the base are paired by seed and case, with bootstrap intervals. Under --out it writes a run folder each, pieces.json and
 * pieces.md; called again it goes on where it was. With --known FILE, a pieces.json of before, it goes on on another machine: with as many epochs, and without
 * the runs that are in it.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";

import { ArtifactError, holdRun, runFolder } from "@multirnet/artifacts";
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
    threads: { type: "string", default: String(THREADS) },
    known: { type: "string" },
    time: { type: "boolean", default: false }, // only time the steps
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
interface Segmentation {
  readonly vdsc: unknown;
  readonly sdsc: unknown;
  readonly aso: unknown;
  readonly asdMm: unknown;
  readonly tolerances: readonly { readonly toleranceMm: number; readonly sdsc: unknown }[];
}
interface Row {
  readonly variant: string;
  readonly epochs: number;
  readonly steps: number;
  readonly secondsPerStep: number; // median
  readonly judged: readonly Judged[];
}

interface Written {
  readonly machine: string;
  readonly rows: readonly Row[];
}
const known = values.known === undefined ? undefined : (JSON.parse(readFileSync(values.known, "utf8")) as Written);
const knownRow = (variant: string): Row | undefined => known?.rows.find((row) => row.variant === variant);

const all = Object.entries(variants).map(([variant, settings]) => {
  return { variant, settings, folder: join(values.out, variant.replaceAll(/[^a-z0-9.]+/gi, "-")) };
});
const chosen = all.filter(({ variant }) => variant === "base" || only?.includes(variant) !== false);
for (const one of chosen) await epochsFor(one); // all at once, so that the machine is the same for all
if (values.time) process.exit();
setThreads(Number(values.threads));

const busy: Task[] = [];
for (const task of chosen.flatMap((one) => seeds.map((seed) => ({ ...one, seed }))))
  if (!(await done(task))) busy.push(task);
for (const task of busy) await done(task); // another has ended it meanwhile, or has it still
await write();

interface Variant {
  readonly variant: string;
  readonly settings: readonly string[];
  readonly folder: string;
}
interface Task extends Variant {
  readonly seed: number;
}

function runOf({ folder, seed }: Task): string {
  return join(folder, `seed-${String(seed)}`);
}

/** Trains and measures one, or goes on with it. @returns whether nobody else has it */
async function done(task: Task): Promise<boolean> {
  const { variant, settings, seed } = task;
  const run = runOf(task);
  if (existsSync(runFolder(run).metrics) || knownRow(variant)?.judged.some((one) => one.seed === seed) === true)
    return true;
  try {
    if (existsSync(runFolder(run).config)) await resumeTraining(run, { workers: 1 });
    else await train(await configOf(settings, seed, await epochsFor(task)), run, { fold: seed, workers: 1 });
    await measureOnce(run, `${variant}, seed ${String(seed)}`);
  } catch (error) {
    if (error instanceof ArtifactError && error.code === "RUN_BUSY") return false;
    throw error;
  }
  await write();
  return true;
}

/** @throws ArtifactError RUN_BUSY, where another process measures it */
async function measureOnce(run: string, name: string): Promise<void> {
  const letGo = await holdRun(run);
  try {
    if (existsSync(runFolder(run).metrics)) return;
    const { segmentation } = await measureRun(run, { split: "validation", out: run });
    console.log(`${name}: V-DSC ${JSON.stringify((segmentation as { vdsc?: unknown }).vdsc)}`);
  } finally {
    await letGo();
  }
}

/** What is known of each variant by now. */
async function rowsByNow(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const one of all) {
    const before = knownRow(one.variant);
    const runs = seeds.map((seed) => ({ seed, run: runOf({ ...one, seed }) }));
    const ended = runs.filter(({ run }) => existsSync(runFolder(run).metrics));
    const taken = ended.map(({ run }) => secondsOfSteps(run));
    const elsewhere = (before?.judged ?? []).filter(({ seed }) => !ended.some((one) => one.seed === seed));
    const judged = [...elsewhere, ...ended.flatMap(({ seed, run }) => judgedOf(run, seed))];
    if (judged.length === 0 && before === undefined) continue;
    rows.push({
      variant: one.variant,
      epochs: await epochsFor(one),
      steps: taken[0]?.length ?? before?.steps ?? 0,
      secondsPerStep: taken.length > 0 ? median(taken.flat()) : (before?.secondsPerStep ?? NaN),
      judged,
    });
  }
  return rows;
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
async function epochsFor({ variant, settings, folder }: Variant): Promise<number> {
  const before = knownRow(variant)?.epochs;
  if (before !== undefined) return before;
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

/** What a run was found to be on its validation cases. */
function judgedOf(run: string, seed: number): Judged[] {
  const { cases } = JSON.parse(readFileSync(runFolder(run).metrics, "utf8")) as {
    readonly cases: readonly { readonly case: string; readonly segmentation?: Segmentation }[];
  };
  return cases.flatMap(({ case: name, segmentation }) =>
    segmentation === undefined ? [] : [{ seed, case: name, scores: scoresOf(segmentation) }],
  );
}

function scoresOf({ vdsc, sdsc, aso, asdMm, tolerances }: Segmentation): Judged["scores"] {
  const sdsc3 = tolerances.find(({ toleranceMm }) => toleranceMm === 3)?.sdsc;
  const given = Object.entries({ vdsc, sdsc, sdsc3, aso, asdMm }).filter(([, value]) => typeof value === "number");
  return Object.fromEntries(given);
}

/** The mean of a score, and of its difference to the base over the cases that both have. */
function cellOf({ judged }: Row, first: readonly Judged[], score: ScoreName): string {
  const own = judged.flatMap((one) => one.scores[score] ?? []);
  const mean = (numbers: readonly number[]): number => numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
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

async function write(): Promise<void> {
  const rows = await rowsByNow();
  const here = `${conditions([`libtorch ${aboutEngine().version}`])}; ${values.minutes} minutes a run on ${String(THREADS)} threads, trained on ${values.threads}, ${values.seeds} seeds`;
  const machine = known === undefined ? here : `${known.machine}; then ${here}`;
  writeFileSync(join(values.out, "pieces.json"), `${JSON.stringify({ machine, rows }, undefined, 2)}\n`);
  const head = ["variant", "steps", "s a step", ...SCORES];
  const table = [
    head,
    head.map(() => "---"),
    ...rows
      .filter(({ judged }) => judged.length > 0)
      .map((row) => [
        row.variant,
        String(row.steps),
        row.secondsPerStep.toFixed(2),
        ...SCORES.map((score) => cellOf(row, rows[0]?.judged ?? [], score)),
      ]),
  ].map((cells) => `| ${cells.join(" | ")} |`);
  writeFileSync(join(values.out, "pieces.md"), `${machine}\n\n${table.join("\n")}\n`);
}
