/**
 * MultiR-Net beside the same network in eager PyTorch: forward pass and training step, time and peak memory.
 *
 *     npx tsc -b tsconfig.build.json && node scripts/run-typescript.js benchmarks/multirnet.ts [--only small] [--runs 9] [--out out/bench]
 *
 * Each case is a pair of long-lived processes, ours (the built packages, under Node) and the peer (benchmarks/peer/multirnet.py, under Debian's python3),
 * with the same weights, input, loss and optimiser and two threads each. First both must agree: heads to 1e-4 of their range, gradients to 1e-3.
 * Then fresh processes take turns, one iteration each, ours first in every other turn. Writes multirnet.json and multirnet.md.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { RandomSource } from "@multirnet/base";
import { decodeSafetensors, encodeSafetensors, scope, tensorFrom, type Tensor } from "@multirnet/engine";
import { createNetwork, resolveNetwork } from "@multirnet/networks";

import type { Settings } from "./multirnet-worker.ts";
import {
  builtWorker,
  conditions,
  difference,
  Side,
  takeTurns,
  THREADS,
  TURNS_HEAD,
  turnsText,
  type Turns,
} from "./side.ts";

const SPACE = [32, 96, 96] as const;
const LARGEST_HEAD_DIFFERENCE = 1e-4; // of the head's range
const LARGEST_GRADIENT_DIFFERENCE = 1e-3;

interface Preset {
  readonly name: string;
  readonly ours: Record<string, unknown>;
  readonly peer: Record<string, unknown>;
}

const PRESETS: readonly Preset[] = [
  { name: "full", ours: {}, peer: {} },
  { name: "full, 3×3×3, ReLU", ours: { kernel: 3, activation: "relu" }, peer: { kernel: 3, activation: "relu" } },
  {
    name: "small",
    ours: { preset: "small" },
    peer: {
      kernel: 3,
      activation: "relu",
      widths: [8, 16, 32, 64, 128],
      classifier_widths: [8, 16, 32, 64, 128, 128],
    },
  },
];
const WORKS = [
  { work: "forward", batch: 1, runs: 15 },
  { work: "step", batch: 1, runs: 9 },
  { work: "step", batch: 4, runs: 5 },
] as const;

interface Row extends Turns {
  readonly name: string;
  readonly runs: number;
  readonly headDifference: number;
  readonly gradientDifference: number | undefined;
}

const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    runs: { type: "string" },
    out: { type: "string", default: "out/bench" },
    python: { type: "string", default: "/usr/bin/python3" },
  },
});

const folder = mkdtempSync(join(tmpdir(), "multirnet-bench-"));
const built = builtWorker("benchmarks/multirnet-worker.ts");
mkdirSync(options.out, { recursive: true });
const rows: Row[] = [];
const versions = new Set<string>();
try {
  for (const preset of PRESETS) {
    for (const { work, batch, runs } of WORKS) {
      const name = `${preset.name}: ${work === "forward" ? "forward" : `training step, batch ${batch}`}`;
      if (!name.includes(options.only)) continue;
      rows.push(await measured(name, preset, work, batch, Number(options.runs ?? runs)));
      console.log(lineOf(rows.at(-1) as Row));
      writeFileSync(
        join(options.out, "multirnet.json"),
        `${JSON.stringify({ conditions: conditions(versions), rows }, null, 1)}\n`,
      );
      writeFileSync(join(options.out, "multirnet.md"), markdown());
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}

async function measured(
  name: string,
  preset: Preset,
  work: Settings["work"],
  batch: number,
  runs: number,
): Promise<Row> {
  const tensors = join(folder, "case.safetensors");
  writeFileSync(tensors, inputs(preset, batch));
  const settings = { threads: THREADS, work, tensors };
  const start = async (): Promise<readonly [Side, Side, readonly Record<string, unknown>[]]> => {
    const ours = new Side(["node", "--expose-gc", built]);
    const peer = new Side([options.python, "benchmarks/peer/multirnet.py"]);
    const answers = [
      await ours.ask(JSON.stringify({ ...settings, options: { ...preset.ours, dropout: 0 } })),
      await peer.ask(JSON.stringify({ ...settings, options: { ...preset.peer, dropout: 0 } })),
    ];
    return [ours, peer, answers];
  };

  const [ourChecker, peerChecker] = await start();
  const ourFile = join(folder, "ours.safetensors");
  const peerFile = join(folder, "peer.safetensors");
  await ourChecker.ask(`check ${ourFile}`);
  await peerChecker.ask(`check ${peerFile}`);
  ourChecker.end();
  peerChecker.end();
  const { heads, gradients } = differences(ourFile, peerFile);
  if (heads > LARGEST_HEAD_DIFFERENCE || (gradients ?? 0) > LARGEST_GRADIENT_DIFFERENCE) {
    throw new Error(`${name}: heads differ by ${heads} of their range, gradients by ${gradients ?? 0}`);
  }

  const [ours, peer, [ourStart, peerStart]] = await start();
  for (const { version, threads } of [ourStart, peerStart] as { version: string; threads: number }[]) {
    versions.add(`${version}, ${threads} threads`);
  }
  const residentKb = { ours: Number(ourStart?.["residentKb"]), peer: Number(peerStart?.["residentKb"]) };
  const turns = await takeTurns({ ours, peer }, residentKb, runs);
  ours.end();
  peer.end();
  return { name, runs, ...turns, headDifference: heads, gradientDifference: gradients };
}

/** Weights of a fresh network, noise as the scan, half of it lesion, and a diagnosis each. */
function inputs(preset: Preset, batch: number): Uint8Array {
  return scope(() => {
    const network = createNetwork(resolveNetwork({ name: "multirnet", ...preset.ours }), 1);
    const random = new RandomSource(1, "bench");
    const voxels = SPACE[0] * SPACE[1] * SPACE[2];
    const scan = Float32Array.from({ length: batch * voxels }, () => random.uniform());
    const oneHot = Float32Array.from({ length: batch * 3 }, (_, index) =>
      Number(index % 3 === Math.floor(index / 3) % 3),
    );
    const shape = [batch, 1, ...SPACE];
    const file = encodeSafetensors(
      new Map([
        ["scan", tensorFrom(scan, shape)],
        [
          "mask",
          tensorFrom(
            scan.map((value) => Number(value > 0.5)),
            shape,
          ),
        ],
        ["oneHot", tensorFrom(oneHot, [batch, 3])],
        ...[...network.state()].map(([name, tensor]): [string, Tensor] => [`weights.${name}`, tensor]),
      ]),
    );
    network.release();
    return file;
  });
}

/** The largest differences, as shares of the range of each head and of each gradient. */
function differences(
  ourFile: string,
  peerFile: string,
): { readonly heads: number; readonly gradients: number | undefined } {
  return scope(() => {
    const ours = decodeSafetensors(readFileSync(ourFile), ourFile);
    const peer = decodeSafetensors(readFileSync(peerFile), peerFile);
    const names = [...ours.keys()];
    if (names.length !== peer.size) throw new Error(`${names.length} tensors from us, ${peer.size} from the peer`);
    const worst = (of: (name: string) => boolean): number =>
      Math.max(...names.filter(of).map((name) => difference(ours.get(name) as Tensor, peer.get(name) as Tensor)));
    const isGradient = (name: string): boolean => name.startsWith("gradient.");
    const gradients = names.some(isGradient) ? worst(isGradient) : undefined;
    return { heads: worst((name) => !isGradient(name)), gradients };
  });
}

function lineOf(row: Row): string {
  return (
    `| ${row.name} | ${turnsText(row)} | ` +
    `${row.headDifference.toExponential(1)} | ${row.gradientDifference?.toExponential(1) ?? ""} | ${row.runs} |`
  );
}

function markdown(): string {
  return [
    "# MultiR-Net beside eager PyTorch",
    "",
    `1×${SPACE.join("×")} regions. ${conditions(versions)}. Times are medians (least–most), ratios ours to peer, of medians (of single turns);`,
    "memory is the peak resident set of the process after loading. Differences are shares of each tensor's range.",
    "",
    `| case | ${TURNS_HEAD} | heads differ | gradients differ | turns |`,
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ...rows.map(lineOf),
    "",
  ].join("\n");
}
