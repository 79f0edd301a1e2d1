/** What benchmarks share: programs that answer line by line, and how their numbers are told. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { basename, join } from "node:path";

import type { Side } from "@multirnet/bench";
import type { Tensor } from "@multirnet/engine";
import typescript from "typescript";

export const THREADS = 2;

/** The threads of a side that asks the environment. */
export const ENVIRONMENT = { OMP_NUM_THREADS: String(THREADS) };

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

/** One of several programs that take turns. */
export interface Runner {
  readonly side: Side;
  readonly residentKb: number; // before the first iteration
}

export interface Run extends Timing {
  readonly times: readonly number[]; // turn by turn
}

const WARM_UP = 2;
const LONG_MS = 3000; // an iteration that hides what a rest costs
const REHEARSAL_MS = 1000;

/**
 * All sides take turns, each turn begun by the next of them. A program that has rested for a second needs up to a tenth of one until its pages and its code
 * are at hand again (virtual machines most of all), whatever it then does; so where no side takes long, a side does its work for a second at the beginning of
 * each of its turns, and the iteration after that counts.
 */
export async function takeTurns(runners: readonly Runner[], turns: number): Promise<Run[]> {
  const seen = runners.map(() => ({ times: [] as number[], lastMs: 0, peakKb: 0 }));
  let rehearsed = false;
  for (let turn = -WARM_UP; turn < turns; turn++) {
    for (let place = 0; place < runners.length; place++) {
      const index = (place + turn + WARM_UP) % runners.length;
      const one = seen[index];
      const run = async (): Promise<{ ms: number; peakKb: number } | undefined> =>
        (await runners[index]?.side.ask("run")) as { ms: number; peakKb: number } | undefined;
      if (rehearsed) for (let spent = 0; spent < REHEARSAL_MS;) spent += (await run())?.ms ?? REHEARSAL_MS;
      const answer = await run();
      if (one === undefined || answer === undefined) continue;
      one.peakKb = answer.peakKb;
      one.lastMs = answer.ms;
      if (turn >= 0) one.times.push(answer.ms);
    }
    if (turn === -1) rehearsed = Math.max(...seen.map(({ lastMs }) => lastMs)) < LONG_MS;
  }
  return seen.map(({ times, peakKb }, index) => ({
    ...timing(times, runners[index]?.residentKb ?? NaN, peakKb),
    times,
  }));
}

/** How ours stands to a peer's. */
export interface Turns {
  readonly ours: Timing;
  readonly peer: Timing;
  readonly timeRatio: number; // of the medians
  readonly turnRatios: readonly [least: number, most: number]; // of the two iterations of one turn
  readonly memoryRatio: number; // of the peaks
}

export function compared({ times: ourTimes, ...ours }: Run, { times: peerTimes, ...peer }: Run): Turns {
  const turns = ourTimes.map((ms, index) => ms / (peerTimes[index] ?? Number.NaN));
  return {
    ours,
    peer,
    timeRatio: ours.medianMs / peer.medianMs,
    turnRatios: [Math.min(...turns), Math.max(...turns)],
    memoryRatio: ours.peakMb / peer.peakMb,
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
