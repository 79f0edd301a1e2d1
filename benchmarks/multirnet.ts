/**
 * MultiR-Net beside the same network in eager PyTorch: forward pass and training step, time and peak memory.
 *
 *     npx tsc -b tsconfig.build.json && node scripts/run-typescript.js benchmarks/multirnet.ts [--only small] [--runs 9] [--out out/bench]
 *
 * Each case is a pair of long-lived processes, ours (the built packages, under Node) and the peer (benchmarks/peer/multirnet.py, under Debian's python3),
 * with the same weights, input, loss and optimiser and two threads each. First both must agree: heads to 1e-4 of their range, gradients to 1e-3.
 * Then fresh processes take turns, one iteration each, ours first in every other turn. Writes multirnet.json and multirnet.md.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";

import { RandomSource } from "@multirnet/base";
import { decodeSafetensors, encodeSafetensors, scope, tensorFrom, type Tensor } from "@multirnet/engine";
import { createNetwork, resolveNetwork } from "@multirnet/networks";
import typescript from "typescript";

import type { Settings } from "./multirnet-worker.ts";

const THREADS = 2;
const SPACE = [32, 96, 96] as const;
const WARM_UP = 2;
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

/** One of the two programs, answering one line at a time. */
class Side {
  readonly #process;
  readonly #answers;

  constructor(command: readonly string[]) {
    const [program = "", ...args] = command;
    this.#process = spawn(program, args, {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, OMP_NUM_THREADS: String(THREADS) },
    });
    this.#answers = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  async ask(line: string): Promise<Record<string, unknown>> {
    this.#process.stdin.write(`${line}\n`);
    const answer = await this.#answers.next();
    if (answer.done === true) throw new Error(`the process ended at: ${line.slice(0, 100)}`);
    return JSON.parse(answer.value) as Record<string, unknown>;
  }

  end(): void {
    this.#process.stdin.end();
  }
}

interface Timing {
  readonly medianMs: number;
  readonly leastMs: number;
  readonly mostMs: number;
  readonly residentMb: number; // before the first iteration
  readonly peakMb: number;
}

interface Row {
  readonly name: string;
  readonly runs: number;
  readonly ours: Timing;
  readonly peer: Timing;
  readonly timeRatio: number; // of the medians
  readonly turnRatios: readonly [least: number, most: number]; // of the two iterations of one turn
  readonly memoryRatio: number; // of the peaks
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
const built = join("out", "bench-worker.mjs"); // inside the tree, so that it finds the packages
mkdirSync(options.out, { recursive: true });
mkdirSync("out", { recursive: true });
writeFileSync(
  built,
  typescript.transpileModule(readFileSync("benchmarks/multirnet-worker.ts", "utf8"), {
    compilerOptions: { target: typescript.ScriptTarget.ES2022, module: typescript.ModuleKind.ESNext },
  }).outputText,
);
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
        `${JSON.stringify({ conditions: conditions(), rows }, null, 1)}\n`,
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
  const times = { ours: [] as number[], peer: [] as number[] };
  let peaks = { ours: 0, peer: 0 };
  for (let turn = -WARM_UP; turn < runs; turn++) {
    const oursFirst = turn % 2 === 0;
    const early = await (oursFirst ? ours : peer).ask("run");
    const late = await (oursFirst ? peer : ours).ask("run");
    const [mine, theirs] = (oursFirst ? [early, late] : [late, early]) as { ms: number; peakKb: number }[];
    if (mine === undefined || theirs === undefined) continue;
    peaks = { ours: mine.peakKb, peer: theirs.peakKb };
    if (turn < 0) continue;
    times.ours.push(mine.ms);
    times.peer.push(theirs.ms);
  }
  ours.end();
  peer.end();

  const ourTiming = timing(times.ours, Number(ourStart?.["residentKb"]), peaks.ours);
  const peerTiming = timing(times.peer, Number(peerStart?.["residentKb"]), peaks.peer);
  const turns = times.ours.map((ms, index) => ms / (times.peer[index] ?? Number.NaN));
  return {
    name,
    runs,
    ours: ourTiming,
    peer: peerTiming,
    timeRatio: ourTiming.medianMs / peerTiming.medianMs,
    turnRatios: [Math.min(...turns), Math.max(...turns)],
    memoryRatio: ourTiming.peakMb / peerTiming.peakMb,
    headDifference: heads,
    gradientDifference: gradients,
  };
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

function difference(ours: Tensor, peer: Tensor): number {
  const a = ours.toArray() as Float32Array;
  const b = peer.toArray() as Float32Array;
  let [least, most, worst] = [Infinity, -Infinity, 0];
  for (let i = 0; i < b.length; i++) {
    least = Math.min(least, b[i] as number);
    most = Math.max(most, b[i] as number);
    worst = Math.max(worst, Math.abs((a[i] as number) - (b[i] as number)));
  }
  return worst / (b.length === 1 ? Math.max(Math.abs(most), 1) : most - least);
}

function timing(times: readonly number[], residentKb: number, peakKb: number): Timing {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN;
  return { medianMs: at(0.5), leastMs: at(0), mostMs: at(1), residentMb: residentKb / 1024, peakMb: peakKb / 1024 };
}

function conditions(): string {
  const [load = 0] = loadavg();
  return `${cpus()[0]?.model ?? "unknown processor"}, ${cpus().length} cores; libtorch, PyTorch: ${[...versions].join("; ")}; load ${load.toFixed(1)}`;
}

function lineOf(row: Row): string {
  const side = ({ medianMs, leastMs, mostMs, peakMb }: Timing): string =>
    `${medianMs.toFixed(0)} ms (${leastMs.toFixed(0)}–${mostMs.toFixed(0)}) | ${peakMb.toFixed(0)} MiB`;
  const [least, most] = row.turnRatios;
  return (
    `| ${row.name} | ${side(row.ours)} | ${side(row.peer)} | ${row.timeRatio.toFixed(3)} (${least.toFixed(2)}–${most.toFixed(2)}) | ` +
    `${row.memoryRatio.toFixed(3)} | ${row.headDifference.toExponential(1)} | ${row.gradientDifference?.toExponential(1) ?? ""} | ${row.runs} |`
  );
}

function markdown(): string {
  return [
    "# MultiR-Net beside eager PyTorch",
    "",
    `1×${SPACE.join("×")} regions. ${conditions()}. Times are medians (least–most), ratios ours to peer, of medians (of single turns);`,
    "memory is the peak resident set of the process after loading. Differences are shares of each tensor's range.",
    "",
    "| case | ours | peak | peer | peak | time ratio | memory ratio | heads differ | gradients differ | turns |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ...rows.map(lineOf),
    "",
  ].join("\n");
}
