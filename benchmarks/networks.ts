/**
 * Every network beside its public implementation under eager PyTorch: forward pass at full size, or training step without the optimiser, time and peak memory.
 *
 *     npx tsc -b tsconfig.build.json && node scripts/run-typescript.js benchmarks/networks.ts FOLDER [--only medt] [--work step] [--runs 7] [--out out/bench]
 *
 * FOLDER holds checkouts of the implementations (scripts/golden/references.py). Ours takes over the weights that the peer saved; first both must agree,
 * every head to 1e-4 of its range in evaluation. Then they take turns, two threads each. A step is of two volumes, or of the slices of the forward pass; its loss
 * is the mean square of all heads, and dropout is as published (no two libraries draw the same numbers). Writes networks.json and networks.md.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

import { Side } from "@multirnet/bench";
import { decodeSafetensors, scope, type Tensor } from "@multirnet/engine";

import type { NetworkSettings } from "./networks-worker.ts";
import {
  builtWorker,
  conditions,
  difference,
  ENVIRONMENT,
  compared,
  takeTurns,
  THREADS,
  TURNS_HEAD,
  turnsText,
  type Run,
  type Turns,
} from "./side.ts";

const LARGEST_DIFFERENCE = 1e-4; // of a head's range
const NAMES = [
  ...[
    "vnet",
    "vnet:pytorch",
    "zhou",
    "unet3d",
    "unet3d:monai",
    "unetpp3d",
    "attention-unet",
    "densenet121",
    "densenet201",
  ],
  ...["densenet121-2d", "densenet201-2d", "res2net50-2d", "infnet", "medt", "transunet", "jcs", "covnet"],
];

interface Row extends Turns {
  readonly name: string;
  readonly shape: string;
  readonly headDifference: number;
}

const {
  values: options,
  positionals: [checkouts],
} = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string", default: "" },
    work: { type: "string", default: "forward" }, // or step
    runs: { type: "string", default: "7" },
    out: { type: "string", default: "out/bench" },
    python: { type: "string", default: "/usr/bin/python3" },
  },
});
if (!["forward", "step"].includes(options.work)) throw new Error(`--work ${options.work}: expected forward or step`);
if (checkouts === undefined) throw new Error("expected a folder of checkouts: benchmarks/networks.ts FOLDER");

const built = builtWorker("benchmarks/networks-worker.ts");
const wanted = NAMES.filter((known) => known.includes(options.only));
if (wanted.length === 0) throw new Error(`--only ${options.only}: expected part of one of ${NAMES.join(", ")}`);
const rows: Row[] = [];
const versions = new Set<string>();
mkdirSync(options.out, { recursive: true });
for (const name of wanted) {
  const folder = mkdtempSync(join(tmpdir(), "multirnet-bench-"));
  try {
    rows.push(await measured(name, folder));
  } finally {
    rmSync(folder, { recursive: true });
  }
  console.log(lineOf(rows.at(-1) as Row));
  const facts = { work: options.work, conditions: conditions(versions), turns: Number(options.runs), rows };
  writeFileSync(join(options.out, "networks.json"), `${JSON.stringify(facts, null, 1)}\n`);
  writeFileSync(join(options.out, "networks.md"), markdown());
}

async function measured(name: string, folder: string): Promise<Row> {
  const peer = new Side([options.python, "benchmarks/peer/public_networks.py"], ENVIRONMENT);
  const file = (part: string): string => join(folder, part);
  const there = await peer.ask(
    JSON.stringify({ threads: THREADS, work: options.work, name, checkouts: resolve(checkouts ?? ""), folder }),
  );
  const settings: NetworkSettings = {
    threads: THREADS,
    work: options.work,
    name: name.split(":")[0] ?? name,
    options: there["options"] as Record<string, unknown>,
    reference: there["reference"] as string | null,
    referenceOf: there["referenceOf"] as string | null,
    weights: file("weights.pt"),
    input: file("input.safetensors"),
    batch: file("batch.safetensors"),
  };
  const ours = new Side(["node", "--expose-gc", built], ENVIRONMENT);
  const here = await ours.ask(JSON.stringify(settings));
  for (const side of [here, there]) versions.add(`${String(side["version"])}, ${String(side["threads"])} threads`);
  await ours.ask(`check ${file("ours.safetensors")}`);
  const headDifference = largestDifference(file("ours.safetensors"), file("output.safetensors"));
  if (headDifference > LARGEST_DIFFERENCE) throw new Error(`${name}: heads differ by ${headDifference} of their range`);
  const residentKb = { ours: Number(here["residentKb"]), peer: Number(there["residentKb"]) };
  const [mine, theirs] = (await takeTurns(
    [
      { side: ours, residentKb: residentKb.ours },
      { side: peer, residentKb: residentKb.peer },
    ],
    Number(options.runs),
  )) as [Run, Run];
  const turns = compared(mine, theirs);
  ours.end();
  peer.end();
  return { name, shape: (there["shape"] as number[]).join("×"), ...turns, headDifference };
}

function largestDifference(ourFile: string, peerFile: string): number {
  return scope(() => {
    const ours = decodeSafetensors(readFileSync(ourFile), ourFile);
    const peer = decodeSafetensors(readFileSync(peerFile), peerFile);
    if (ours.size !== peer.size) throw new Error(`${ours.size} heads from us, ${peer.size} from the peer`);
    return Math.max(...Array.from(ours, ([head, tensor]) => difference(tensor, peer.get(head) as Tensor)));
  });
}

function lineOf(row: Row): string {
  return `| ${row.name} | ${row.shape} | ${turnsText(row)} | ${row.headDifference.toExponential(1)} |`;
}

function markdown(): string {
  return [
    "# Networks beside their public implementations",
    "",
    `${options.work === "step" ? "Training step without the optimiser" : "Forward pass in evaluation"}, ${options.runs} turns. ${conditions(versions)}. Times are medians (least–most), ratios ours to peer, of medians (of`,
    "single turns); memory is the peak resident set of the process after loading. Differences are shares of the head's range.",
    "",
    `| network | input | ${TURNS_HEAD} | heads differ |`,
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ...rows.map(lineOf),
    "",
  ].join("\n");
}
