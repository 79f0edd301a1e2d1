/** What benchmarks share: programs that answer line by line, and how their numbers are told. */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";

import type { Tensor } from "@multirnet/engine";
import typescript from "typescript";

export const THREADS = 2;

/** One of two programs that take turns, answering one line at a time. */
export class Side {
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

/** Makes a worker of ours that Node can run, with what workers share, inside the tree, so that both find the packages. @returns its path */
export function builtWorker(source: string): string {
  mkdirSync("out", { recursive: true });
  const [, built = ""] = ["benchmarks/worker.ts", source].map((path) => {
    const to = join("out", basename(path).replace(/\.ts$/, ".js"));
    writeFileSync(
      to,
      typescript.transpileModule(readFileSync(path, "utf8"), {
        compilerOptions: {
          target: typescript.ScriptTarget.ES2022,
          module: typescript.ModuleKind.ESNext,
          rewriteRelativeImportExtensions: true,
        },
      }).outputText,
    );
    return to;
  });
  return built;
}

export interface Timing {
  readonly medianMs: number;
  readonly leastMs: number;
  readonly mostMs: number;
  readonly residentMb: number; // before the first iteration
  readonly peakMb: number;
}

export function timing(times: readonly number[], residentKb: number, peakKb: number): Timing {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN;
  return { medianMs: at(0.5), leastMs: at(0), mostMs: at(1), residentMb: residentKb / 1024, peakMb: peakKb / 1024 };
}

/** How ours stands to the peer's. */
export interface Turns {
  readonly ours: Timing;
  readonly peer: Timing;
  readonly timeRatio: number; // of the medians
  readonly turnRatios: readonly [least: number, most: number]; // of the two iterations of one turn
  readonly memoryRatio: number; // of the peaks
}

const WARM_UP = 2;

/** Both sides take turns, one iteration each, ours first in every other turn. */
export async function takeTurns(
  { ours, peer }: { readonly ours: Side; readonly peer: Side },
  residentKb: { readonly ours: number; readonly peer: number },
  runs: number,
): Promise<Turns> {
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
  const [ourTiming, peerTiming] = [
    timing(times.ours, residentKb.ours, peaks.ours),
    timing(times.peer, residentKb.peer, peaks.peer),
  ];
  const turns = times.ours.map((ms, index) => ms / (times.peer[index] ?? Number.NaN));
  return {
    ours: ourTiming,
    peer: peerTiming,
    timeRatio: ourTiming.medianMs / peerTiming.medianMs,
    turnRatios: [Math.min(...turns), Math.max(...turns)],
    memoryRatio: ourTiming.peakMb / peerTiming.peakMb,
  };
}

/** The largest difference of two tensors, as a share of the second's range; of a single number, of its size. */
export function difference(ours: Tensor, peer: Tensor): number {
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

export function conditions(versions: Iterable<string>): string {
  const [load = 0] = loadavg();
  return `${cpus()[0]?.model ?? "unknown processor"}, ${cpus().length} cores; libtorch, PyTorch: ${[...versions].join("; ")}; load ${load.toFixed(1)}`;
}

/** The columns of a table for `Turns`. */
export const TURNS_HEAD = "ours | peak | peer | peak | time ratio | memory ratio";

export function turnsText({ ours, peer, timeRatio, turnRatios: [least, most], memoryRatio }: Turns): string {
  const side = ({ medianMs, leastMs, mostMs, peakMb }: Timing): string =>
    `${medianMs.toFixed(0)} ms (${leastMs.toFixed(0)}–${mostMs.toFixed(0)}) | ${peakMb.toFixed(0)} MiB`;
  return `${side(ours)} | ${side(peer)} | ${timeRatio.toFixed(3)} (${least.toFixed(2)}–${most.toFixed(2)}) | ${memoryRatio.toFixed(3)}`;
}
