import { readFileSync, writeFileSync } from "node:fs";

import { RandomSource } from "@multirnet/base";
import {
  gradients,
  keep,
  releaseIdleMemory,
  scope,
  tensorFrom,
  withoutGradients,
  type Tensor,
} from "@multirnet/engine";
import { Adam } from "@multirnet/learning";
import { compiled, createNetwork, namedHeads, networkEntry, resolveNetwork, type Network } from "@multirnet/networks";

import { besidePeer, type OwnWork } from "./beside.js";
import type { PeerWork } from "./peer.js";
import type { BenchRow } from "./row.js";

export interface NetworkBenchOptions {
  readonly network: string; // as `networks` lists it
  readonly preset: string;
  readonly space?: readonly number[]; // D, H, W of the region, or H, W; unless given the network's default
  readonly longer?: number; // how many times that default its first side is; 1 unless given
  readonly batch: number;
  readonly turns: number;
}

const LEARNING_RATE = 1e-4;
const BESIDE = "the same network by libtorch's own operators, as eager PyTorch runs it";

/** The forward pass in evaluation, compiled, beside the same network without: time, and the most memory that it took. */
export async function inferRows(options: NetworkBenchOptions): Promise<BenchRow[]> {
  return rowsOf("forward", options, (network, input) => {
    const heads = withoutGradients(() => network.forward(input, { mode: "eval", random: new RandomSource(1) }));
    return [...namedHeads(heads).values()].flatMap((head) => momentsOf(head));
  });
}

/** The training step with Adam. The loss is the mean square of all heads. */
export async function trainRows(options: NetworkBenchOptions): Promise<BenchRow[]> {
  const settings = { betas: [0.9, 0.999], epsilon: 1e-8, weightDecay: 0 } as const;
  const optimisers = new Map<Network, Adam>();
  try {
    return await rowsOf("training step", options, (network, input) => {
      const parameters = network.parameters();
      const adam = optimisers.get(network) ?? new Adam(parameters, settings);
      optimisers.set(network, adam);
      const heads = namedHeads(network.forward(input, { mode: "train", random: new RandomSource(1) }));
      const loss = [...heads.values()]
        .map((head) => head.mul(head).mean(undefined))
        .reduce((sum: Tensor, one) => sum.add(one));
      const found = loss.item();
      adam.step(gradients(loss, [...parameters.values()]), LEARNING_RATE);
      return [found];
    });
  } finally {
    for (const adam of optimisers.values()) adam.release();
  }
}

async function rowsOf(
  work: string,
  options: NetworkBenchOptions,
  run: (network: Network, input: Tensor) => readonly number[],
): Promise<BenchRow[]> {
  const { network: name, preset, turns } = options;
  const spec = resolveNetwork({ name, preset });
  const [network, plain] = [createNetwork(spec, 1), createNetwork(spec, 1)];
  const faster = compiled(network);
  const shape = shapeOf(network, options);
  const input = scope(() => {
    const random = new RandomSource("bench", name);
    const numbers = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.uniform());
    return keep(tensorFrom(numbers, shape));
  });
  try {
    let [ours, theirs]: (readonly number[])[] = [];
    let peak = 0;
    const own: OwnWork = {
      name: `${name} ${preset}: ${work}, ${shape.join("×")}`,
      run: () => {
        forgetPeak();
        ours = scope(() => run(faster, input));
        peak = Math.max(peak, residentMb("VmHWM"));
      },
      numbers: () => ours ?? [],
      tolerance: 1e-3,
    };
    const peer: PeerWork = {
      version: BESIDE,
      run: () => {
        const start = performance.now();
        theirs = scope(() => run(plain, input));
        return Promise.resolve(performance.now() - start);
      },
      numbers: () => Promise.resolve(theirs ?? []),
    };
    const time = await besidePeer(own, peer, turns);
    const only = { undefined: "both live in one process" } as const;
    const memory: BenchRow = {
      name: `${own.name}, resident memory at most`,
      ours: peak,
      oursFrom: peak,
      oursTo: peak,
      peer: only,
      ratio: only,
      unit: "MiB",
    };
    return [time, memory];
  } finally {
    input.release();
    faster.release();
    plain.release();
    releaseIdleMemory();
  }
}

const STACKED = 4; // slices of a scan for networks that take all together

function shapeOf(network: Network, { network: name, space, longer = 1, batch }: NetworkBenchOptions): number[] {
  const { input, stack } = networkEntry(name);
  const [channels = 1, ...region] = input;
  const sides = space ?? region.map((side, axis) => (network.side ?? side) * (axis === 0 ? longer : 1));
  return [batch, ...(stack === true ? [STACKED] : []), channels, ...sides];
}

/** Mean and mean square, which do not depend on single numbers near 0. */
function momentsOf(head: Tensor): number[] {
  return [head.abs().mean(undefined).item(), head.mul(head).mean(undefined).item()];
}

function residentMb(which: "VmRSS" | "VmHWM"): number {
  return Number(new RegExp(`${which}:\\s+(\\d+)`).exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1024;
}

function forgetPeak(): void {
  writeFileSync("/proc/self/clear_refs", "5");
}
