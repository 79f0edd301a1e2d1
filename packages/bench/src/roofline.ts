import { RandomSource } from "@multirnet/base";
import {
  conv3d,
  scope,
  setThreads,
  tensorFrom,
  threads,
  withoutGradients,
  zeros,
  type Tensor,
} from "@multirnet/engine";

import { repeated, type Times } from "./repeated.js";
import type { BenchRow } from "./row.js";

export interface RooflineOptions {
  readonly milliseconds?: number; // for each row; 1,000 unless given
  readonly scale?: number; // of the sides of what is multiplied and copied; 1 unless given
}

const NO_PEER = { undefined: "what the processor reaches; there is no peer" } as const;

/**
 * What this machine reaches, with one thread and with all: a matrix product of OpenBLAS, a direct convolution of oneDNN of a size that is common in
 * networks of volumes, and memory. What a benchmark reaches of it tells how much is left.
 */
export function roofline({ milliseconds = 1000, scale = 1 }: RooflineOptions = {}): BenchRow[] {
  const all = threads();
  const counts = all === 1 ? [1] : [1, all];
  try {
    return counts.flatMap((count) => {
      setThreads(count);
      const suffix = `${String(count)} thread${count === 1 ? "" : "s"}`;
      return [
        row(`matrix product, ${suffix}`, "GFLOP/s", matrixProduct(milliseconds, Math.round(2048 * scale))),
        row(`convolution 64 to 64, 3×3×3, ${suffix}`, "GFLOP/s", convolution(milliseconds, Math.round(48 * scale))),
        row(`memory, a copy, ${suffix}`, "GB/s", copy(milliseconds, Math.round(2 ** 26 * scale))),
      ];
    });
  } finally {
    setThreads(all);
  }
}

/** How much work was done each time, in units of 10⁹, and how long it took. */
interface Measured {
  readonly work: number;
  readonly times: Times;
}

function row(name: string, unit: string, { work, times }: Measured): BenchRow {
  const rate = (time: number): number => (1000 * work) / time;
  return {
    name,
    ours: rate(times.median),
    oursFrom: rate(times.most),
    oursTo: rate(times.least),
    peer: NO_PEER,
    ratio: NO_PEER,
    unit,
  };
}

function matrixProduct(milliseconds: number, side: number): Measured {
  return measuring({ work: (2 * side ** 3) / 1e9, milliseconds }, () => {
    const [a, b] = [drawn("a", [side, side]), drawn("b", [side, side])];
    return () => a.matmul(b);
  });
}

/** At batch 2, where libtorch takes oneDNN's kernel as it is. */
function convolution(milliseconds: number, side: number): Measured {
  const size = [2, 64, 16, side, side];
  const voxels = 2 * 16 * side * side;
  return measuring({ work: (2 * voxels * 64 * 64 * 27) / 1e9, milliseconds }, () => {
    const [x, weight] = [drawn("x", size), drawn("weight", [64, 64, 3, 3, 3])];
    return () => conv3d(x, weight, { padding: 1 });
  });
}

/** Bytes read and bytes written. */
function copy(milliseconds: number, floats: number): Measured {
  return measuring({ work: (8 * floats) / 1e9, milliseconds }, () => {
    const [from, to] = [zeros([floats]), zeros([floats])];
    return () => to.copyInPlace(from);
  });
}

function measuring(
  { work, milliseconds }: { readonly work: number; readonly milliseconds: number },
  prepare: () => () => unknown,
): Measured {
  return scope(() =>
    withoutGradients(() => {
      const once = prepare();
      const times = repeated(() => {
        scope(() => {
          once();
        });
      }, milliseconds);
      return { work, times };
    }),
  );
}

function drawn(name: string, shape: readonly number[]): Tensor {
  const random = new RandomSource("roofline", name);
  const count = shape.reduce((product, side) => product * side, 1);
  return tensorFrom(
    Float32Array.from({ length: count }, () => random.uniform() - 0.5),
    shape,
  );
}
