/**
 * MultiR-Net beside the same network in PyTorch, eager and as its users tune it, and in ONNX Runtime: forward pass and training step, time and peak memory.
 *
 *     npx tsc -b tsconfig.build.json && node scripts/run-typescript.js benchmarks/multirnet.ts [--only small] [--runs 9] [--no-plain] [--out out/bench]
 *
 * Each case is some long-lived processes, ours (the built packages, under Node), ours without the fast path (where not left out), and the peers
 * (benchmarks/peer, under Debian's python3; ONNX Runtime where ONNXRUNTIME names the folder that `npm install onnxruntime-node` made), with the same weights, input, loss and optimiser and
 * two threads each. First all must agree with eager PyTorch: heads to 1e-4 of their range; gradients, all together,
 * to a hundredth of their size: a unit that rounding puts on the other side of 0 changes them by a thousandth, whoever rounds better (decision 15; the tests
 * hold them against float64). Then fresh processes take turns, one
 * iteration each, each turn begun by the next of them. What counts is the fastest peer. Writes multirnet.json and multirnet.md.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { RandomSource } from "@multirnet/base";
import { Side } from "@multirnet/bench";
import { decodeSafetensors, encodeSafetensors, scope, tensorFrom, type Tensor } from "@multirnet/engine";
import { createNetwork, resolveNetwork } from "@multirnet/networks";

import type { Settings } from "./multirnet-worker.ts";
import {
  builtWorker,
  compared,
  conditions,
  difference,
  ENVIRONMENT,
  takeTurns,
  THREADS,
  TURNS_HEAD,
  turnsText,
  type Run,
  type Timing,
  type Turns,
} from "./side.ts";

const SPACE = [32, 96, 96] as const;
const LARGEST_HEAD_DIFFERENCE = 1e-4; // of the head's range
const LARGEST_GRADIENT_DIFFERENCE = 1e-2; // of the size of all together

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
  readonly headDifference: number; // the largest, of all to eager PyTorch
  readonly gradientDifference: number | undefined;
  readonly best: string; // the peer that is compared with
  readonly all: Readonly<Record<string, Timing>>;
}

const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    runs: { type: "string" },
    tuned: { type: "string" }, // the way that tuned PyTorch goes, in place of trying them all
    "no-plain": { type: "boolean", default: false },
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
  const settings = { threads: THREADS, work, tensors, onnx: join(folder, "case.onnx") };
  const sides = sidesOf(preset, work);
  const ways = new Map<string, string>(options.tuned === undefined ? [] : [["tuned", options.tuned]]);
  const start = async (names: readonly string[]): Promise<Map<string, Started>> => {
    const started = new Map<string, Started>();
    for (const one of names) {
      const { command, options, variant } = sides[one] as SideOf;
      const side = new Side(command, ENVIRONMENT);
      const told = await side.ask(JSON.stringify({ ...settings, options, variant: ways.get(one) ?? variant }));
      if (typeof told["way"] === "string") ways.set(one, told["way"]); // tried once
      started.set(one, { side, told });
    }
    return started;
  };
  const end = (started: ReadonlyMap<string, Started>): void => {
    for (const { side } of started.values()) side.end();
  };

  const eager = await start(["eager"]);
  const truth = join(folder, "eager.safetensors");
  await eager.get("eager")?.side.ask(`check ${truth}`);
  if ("onnxruntime" in sides) await eager.get("eager")?.side.ask(`onnx ${settings.onnx}`);
  end(eager);
  const others = Object.keys(sides).filter((one) => one !== "eager");
  let [headDifference, gradientDifference] = [0, undefined as number | undefined];
  for (const one of others) {
    const started = await start([one]);
    const file = join(folder, "other.safetensors");
    await started.get(one)?.side.ask(`check ${file}`);
    end(started);
    const { heads, gradients } = differences(file, truth);
    if (heads > LARGEST_HEAD_DIFFERENCE || (gradients ?? 0) > LARGEST_GRADIENT_DIFFERENCE) {
      throw new Error(
        `${name}, ${one}: heads differ by ${heads} of their range, gradients by ${gradients ?? 0} of their size`,
      );
    }
    headDifference = Math.max(headDifference, heads);
    if (gradients !== undefined) gradientDifference = Math.max(gradientDifference ?? 0, gradients);
  }

  const started = await start(Object.keys(sides));
  for (const { told } of started.values())
    versions.add(`${String(told["version"])}, ${String(told["threads"])} threads`);
  const names = [...started].map(([one, { told }]) =>
    told["way"] === undefined ? one : `${one}: ${told["way"] as string}`,
  );
  const runners = [...started.values()].map(({ side, told }) => ({ side, residentKb: Number(told["residentKb"]) }));
  const found = await takeTurns(runners, runs);
  end(started);
  const peers = found
    .map((run, place) => ({ run, name: names[place] ?? "" }))
    .filter(({ name }) => name !== "ours" && name !== "plain");
  const best = peers.reduce((least, one) => (one.run.medianMs < least.run.medianMs ? one : least));
  return {
    name,
    runs,
    ...compared(found[0] as Run, best.run),
    headDifference,
    gradientDifference,
    best: best.name,
    all: Object.fromEntries(found.map(({ times: _, ...times }, place) => [names[place] ?? "", times])),
  };
}

interface SideOf {
  readonly command: readonly string[];
  readonly options: Record<string, unknown>;
  readonly variant: string;
}
interface Started {
  readonly side: Side;
  readonly told: Record<string, unknown>;
}

/** Ours, ours without the fast path, and the peers. */
function sidesOf(preset: Preset, work: Settings["work"]): Record<string, SideOf> {
  const ours = (variant: string): SideOf => ({
    command: ["node", "--expose-gc", built],
    options: { ...preset.ours, dropout: 0 },
    variant,
  });
  const peer = (variant: string): SideOf => ({
    command: [options.python, "benchmarks/peer/multirnet.py"],
    options: { ...preset.peer, dropout: 0 },
    variant,
  });
  const runtime: SideOf = {
    command: ["node", "--expose-gc", builtWorker("benchmarks/onnxruntime-worker.ts")],
    options: {},
    variant: "",
  };
  return {
    ours: ours("fast"),
    ...(options["no-plain"] ? {} : { plain: ours("plain") }),
    eager: peer("eager"),
    tuned: peer("tuned"),
    ...(work === "forward" && process.env["ONNXRUNTIME"] !== undefined ? { onnxruntime: runtime } : {}),
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

/** The largest difference of a head, as a share of its range, and that of all gradients together, as a share of their size. */
function differences(
  ourFile: string,
  peerFile: string,
): { readonly heads: number; readonly gradients: number | undefined } {
  return scope(() => {
    const ours = decodeSafetensors(readFileSync(ourFile), ourFile);
    const peer = decodeSafetensors(readFileSync(peerFile), peerFile);
    const names = [...ours.keys()];
    if (names.length !== peer.size) throw new Error(`${names.length} tensors from us, ${peer.size} from the peer`);
    const isGradient = (name: string): boolean => name.startsWith("gradient.");
    const pairs = names.map((name) => [name, ours.get(name) as Tensor, peer.get(name) as Tensor] as const);
    const heads = Math.max(...pairs.filter(([name]) => !isGradient(name)).map(([, a, b]) => difference(a, b)));
    const of = pairs.filter(([name]) => isGradient(name));
    const squares = (tensors: readonly Tensor[]): number =>
      tensors.reduce((sum, tensor) => sum + tensor.mul(tensor).sum(undefined).item(), 0);
    const [apart, size] = [squares(of.map(([, a, b]) => a.sub(b))), squares(of.map(([, , b]) => b))];
    return { heads, gradients: of.length === 0 ? undefined : Math.sqrt(apart / size) };
  });
}

function lineOf(row: Row): string {
  const all = Object.entries(row.all).map(
    ([one, { medianMs, peakMb }]) => `${one} ${medianMs.toFixed(0)} ms, ${peakMb.toFixed(0)} MiB`,
  );
  return (
    `| ${row.name} | ${row.best} | ${turnsText(row)} | ` +
    `${row.headDifference.toExponential(1)} | ${row.gradientDifference?.toExponential(1) ?? ""} | ${row.runs} | ${all.join("; ")} |`
  );
}

function markdown(): string {
  return [
    "# MultiR-Net beside its fastest peer",
    "",
    `1×${SPACE.join("×")} regions. ${conditions(versions)}. Times are medians (least–most), ratios ours to peer, of medians (of single turns);`,
    "memory is the peak resident set of the process after loading. Differences are shares of each head's range, and of the size of all gradients together.",
    "",
    `| case | fastest peer | ${TURNS_HEAD} | heads differ | gradients differ | turns | all |`,
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ...rows.map(lineOf),
    "",
  ].join("\n");
}
