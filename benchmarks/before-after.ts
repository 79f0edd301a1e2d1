/**
 * Every network of the registry with the fast path and without it, in one process, turn by turn: forward pass in evaluation and training step without the
 * optimiser. First both must agree. With --mixed: in mixed precision beside the fast path; there is nothing to agree upon then.
 *
 *     node scripts/run-typescript.js benchmarks/before-after.ts [--only vnet] [--work forward] [--preset full] [--turns 5] [--batch 2] [--mixed]
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { RandomSource } from "@multirnet/base";
import {
  aboutEngine,
  gradients,
  keep,
  scope,
  setThreads,
  tensorFrom,
  withoutGradients,
  type Tensor,
} from "@multirnet/engine";
import {
  compiled,
  createNetwork,
  forwardMixed,
  namedHeads,
  NETWORKS,
  resolveNetwork,
  type Network,
  type NetworkEntry,
  type Pass,
  type Prediction,
} from "@multirnet/networks";

import { conditions, difference, THREADS } from "./side.ts";

const LARGEST_DIFFERENCE = 1e-4; // of a head's range

const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    work: { type: "string", default: "" }, // forward or step; both unless given
    preset: { type: "string", default: "full" },
    turns: { type: "string", default: "5" },
    batch: { type: "string", default: "2" }, // of training
    mixed: { type: "boolean", default: false },
    out: { type: "string", default: "out/bench" },
  },
});

type Way = (scan: Tensor, pass: Pass) => Prediction;

interface Row {
  readonly name: string;
  readonly work: string;
  readonly beforeMs: number;
  readonly afterMs: number;
  readonly ratio: number;
  readonly turnRatios: readonly [number, number];
  readonly difference: number | undefined;
}

setThreads(THREADS);
const rows: Row[] = [];
for (const entry of NETWORKS) {
  if (!entry.name.includes(options.only)) continue;
  for (const row of measured(entry)) {
    rows.push(row);
    console.log(lineOf(row));
  }
}
mkdirSync(options.out, { recursive: true });
writeFileSync(
  join(options.out, "before-after.json"),
  `${JSON.stringify({ conditions: conditions([aboutEngine().version]), rows }, null, 1)}\n`,
);

function measured(entry: NetworkEntry): Row[] {
  return scope(() => {
    const network = createNetwork(resolveNetwork({ name: entry.name, preset: options.preset }), 1);
    const faster = compiled(network);
    const own: Way = (scan, pass) => network.forward(scan, pass);
    const fast: Way = (scan, pass) => faster.forward(scan, pass);
    const mixed: Way = (scan, pass) => forwardMixed(network, scan, pass);
    const [before, after] = options.mixed ? [fast, mixed] : [own, fast];
    const one = scanOf(entry, network, 1);
    const several = scanOf(entry, network, entry.stack === true ? 1 : Number(options.batch));
    const forward = (): Row =>
      row(entry.name, "forward", one, [before, after], (way, scan) => {
        withoutGradients(() => way(scan, { mode: "eval", random: new RandomSource(1) }));
      });
    const step = (): Row =>
      row(entry.name, `step, batch ${String(several.shape[0])}`, several, [before, after], (way, scan) => {
        const heads = namedHeads(way(scan, { mode: "train", random: new RandomSource(1) }));
        const total = [...heads.values()]
          .map((head) => head.sum(undefined))
          .reduce((sum: Tensor, head) => sum.add(head));
        gradients(total, [...network.parameters().values()]);
      });
    const found = [...(options.work === "step" ? [] : [forward()]), ...(options.work === "forward" ? [] : [step()])];
    faster.release();
    one.release();
    several.release();
    return found;
  });
}

function row(
  name: string,
  work: string,
  scan: Tensor,
  [before, after]: readonly [Way, Way],
  run: (way: Way, scan: Tensor) => void,
): Row {
  const apart = work === "forward" ? scope(() => worst(before, after, scan)) : undefined;
  if (apart !== undefined && !options.mixed && !(apart <= LARGEST_DIFFERENCE))
    throw new Error(`${name}: heads differ by ${String(apart)} of their range`);
  const time = (way: Way): number => {
    const start = performance.now();
    scope(() => {
      run(way, scan);
    });
    return performance.now() - start;
  };
  const times: (readonly [number, number])[] = [];
  for (let turn = -2; turn < Number(options.turns); turn++) {
    const early = time(turn % 2 === 0 ? before : after);
    const late = time(turn % 2 === 0 ? after : before);
    if (turn >= 0) times.push(turn % 2 === 0 ? [early, late] : [late, early]);
  }
  const median = (place: 0 | 1): number =>
    times.map((pair) => pair[place]).toSorted((a, b) => a - b)[times.length >> 1] ?? NaN;
  const ratios = times.map(([beforeMs, afterMs]) => afterMs / beforeMs);
  const [beforeMs, afterMs] = [median(0), median(1)];
  return {
    name,
    work,
    beforeMs,
    afterMs,
    ratio: afterMs / beforeMs,
    turnRatios: [Math.min(...ratios), Math.max(...ratios)],
    difference: apart,
  };
}

function worst(before: Way, after: Way, scan: Tensor): number {
  const heads = (way: Way): Map<string, Tensor> =>
    withoutGradients(() => namedHeads(way(scan, { mode: "eval", random: new RandomSource(1) })));
  const [own, other] = [heads(before), heads(after)];
  return Math.max(...Array.from(own, ([head, tensor]) => difference(other.get(head) as Tensor, tensor)));
}

/** Noise of the size that the network is for. */
function scanOf(entry: NetworkEntry, network: Network, batch: number): Tensor {
  const input = entry.input.map((side, axis) =>
    axis === entry.input.length - 1 || axis === entry.input.length - 2 ? (network.side ?? side) : side,
  );
  const size = entry.stack === true ? [batch, 4, ...input.slice(-3)] : [batch, ...input];
  const random = new RandomSource("before-after", entry.name);
  return keep(
    tensorFrom(
      Float32Array.from({ length: size.reduce((product, side) => product * side, 1) }, () => random.uniform()),
      size,
    ),
  );
}

function lineOf({ name, work, beforeMs, afterMs, ratio, turnRatios: [least, most], difference: apart }: Row): string {
  return `| ${name} | ${work} | ${beforeMs.toFixed(0)} ms | ${afterMs.toFixed(0)} ms | ${ratio.toFixed(3)} (${least.toFixed(2)}–${most.toFixed(2)}) | ${apart?.toExponential(1) ?? ""} |`;
}
