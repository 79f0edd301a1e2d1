/**
 * Every network of the registry with the fast path and without it, in one process, turn by turn: forward pass in evaluation and training step without the
 * optimiser. First both must agree.
 *
 *     node scripts/run-typescript.js benchmarks/before-after.ts [--only vnet] [--work forward] [--preset full] [--turns 5] [--batch 2]
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
  namedHeads,
  NETWORKS,
  resolveNetwork,
  type Network,
  type NetworkEntry,
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
    out: { type: "string", default: "out/bench" },
  },
});

interface Row {
  readonly name: string;
  readonly work: string;
  readonly plainMs: number;
  readonly fastMs: number;
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
    const one = scanOf(entry, network, 1);
    const several = scanOf(entry, network, entry.stack === true ? 1 : Number(options.batch));
    const forward = (): Row =>
      row(entry.name, "forward", one, network, faster, (of, scan) => {
        withoutGradients(() => of.forward(scan, { mode: "eval", random: new RandomSource(1) }));
      });
    const step = (): Row =>
      row(entry.name, `step, batch ${String(several.shape[0])}`, several, network, faster, (of, scan) => {
        const heads = namedHeads(of.forward(scan, { mode: "train", random: new RandomSource(1) }));
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
  plain: Network,
  fast: Network,
  run: (of: Network, scan: Tensor) => void,
): Row {
  const apart = work === "forward" ? scope(() => worst(plain, fast, scan)) : undefined;
  if (apart !== undefined && !(apart <= LARGEST_DIFFERENCE))
    throw new Error(`${name}: heads differ by ${String(apart)} of their range`);
  const time = (of: Network): number => {
    const start = performance.now();
    scope(() => {
      run(of, scan);
    });
    return performance.now() - start;
  };
  const times: (readonly [number, number])[] = [];
  for (let turn = -2; turn < Number(options.turns); turn++) {
    const early = time(turn % 2 === 0 ? plain : fast);
    const late = time(turn % 2 === 0 ? fast : plain);
    if (turn >= 0) times.push(turn % 2 === 0 ? [early, late] : [late, early]);
  }
  const median = (place: 0 | 1): number =>
    times.map((pair) => pair[place]).toSorted((a, b) => a - b)[times.length >> 1] ?? NaN;
  const ratios = times.map(([plainMs, fastMs]) => fastMs / plainMs);
  const [plainMs, fastMs] = [median(0), median(1)];
  return {
    name,
    work,
    plainMs,
    fastMs,
    ratio: fastMs / plainMs,
    turnRatios: [Math.min(...ratios), Math.max(...ratios)],
    difference: apart,
  };
}

function worst(plain: Network, fast: Network, scan: Tensor): number {
  const heads = (of: Network): Map<string, Tensor> =>
    withoutGradients(() => namedHeads(of.forward(scan, { mode: "eval", random: new RandomSource(1) })));
  const [own, other] = [heads(plain), heads(fast)];
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

function lineOf({ name, work, plainMs, fastMs, ratio, turnRatios: [least, most], difference: apart }: Row): string {
  return `| ${name} | ${work} | ${plainMs.toFixed(0)} ms | ${fastMs.toFixed(0)} ms | ${ratio.toFixed(3)} (${least.toFixed(2)}–${most.toFixed(2)}) | ${apart?.toExponential(1) ?? ""} |`;
}
