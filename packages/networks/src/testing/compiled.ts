import { gradients, scope, withoutGradients, type Tensor } from "@multirnet/engine";
import { expect } from "vitest";

import { compiled } from "../compiled-network.js";
import { namedHeads, type Network, type Pass } from "../network.js";
import { createNetwork, resolveNetwork, sideMultiple, type NetworkEntry } from "../registry.js";
import { filled, noise, pattern } from "./formula.js";
import { EVALUATION, training } from "./passes.js";

/** Networks with their own weights filled by the formula, so that norms have statistics to fold. */
function networkOf(entry: NetworkEntry): Network {
  const network = createNetwork(resolveNetwork({ name: entry.name, preset: "small" }), 1);
  withoutGradients(() => {
    scope(() => {
      for (const [path, tensor] of network.state()) tensor.copyInPlace(filled(path, tensor.shape));
    });
  });
  return network;
}

function scanOf(entry: NetworkEntry, network: Network, seed = 0): Tensor {
  const multiple = sideMultiple(resolveNetwork({ name: entry.name, preset: "small" }));
  // A norm of each sample over two values, as the deepest of a slice would be, tells little but rounding.
  const blocks = entry.dims === 2 ? [2, 3] : [1, 1, 2];
  const space = blocks.map((count) => network.side ?? count * multiple);
  const channels = entry.input[0] ?? 1;
  const shape = entry.stack === true ? [2, 2, channels, ...space] : [2, channels, ...space];
  return noise(`scan ${String(seed)}`, shape);
}

function headsOf(forward: Network, scan: Tensor, pass: Pass): Map<string, Tensor> {
  return namedHeads(forward.forward(scan, pass));
}

/** That a compiled network answers as the network does: to 1e-5 of the range of each head, or twice as far from 64 bits as the network's own. */
export function expectSameAnswers(entry: NetworkEntry): void {
  scope(() => {
    withoutGradients(() => {
      const network = networkOf(entry);
      const faster = compiled(network);
      const scan = scanOf(entry, network);
      const own = headsOf(network, scan, EVALUATION);
      const fast = headsOf(faster, scan, EVALUATION);
      expect([...fast.keys()]).toEqual([...own.keys()]);
      network.convert({ dtype: "float64" });
      for (const [name, exact] of headsOf(network, scan.toDtype("float64"), EVALUATION)) {
        const allowed = Math.max(1e-5, 2 * apart(own.get(name), exact));
        expect(apart(fast.get(name), exact)).toBeLessThan(allowed);
      }
      faster.release();
    });
  });
}

/**
 * That it learns as the network does: for one of a few scans its gradient is no further from 64 bits than twice the network's own. Where an activation is
 * within rounding of 0 on its way, each may take its own side of it, and the gradient of such a scan tells nothing.
 */
export function expectSameLearning(entry: NetworkEntry): void {
  scope(() => {
    const network = networkOf(entry);
    const faster = compiled(network);
    const double = networkOf(entry);
    double.convert({ dtype: "float64" });
    let best = Infinity;
    for (let seed = 0; seed < SCANS && best > 1; seed++) {
      scope(() => {
        const scan = scanOf(entry, network, seed);
        const own = learned(network, network, scan);
        const fast = learned(network, faster, scan);
        const exact = learned(double, double, scan.toDtype("float64"));
        for (const [path, truth] of exact.buffers) {
          const of = (found: Learned): number => difference(found.buffers.get(path) ?? [], truth) / largest(truth);
          expect(of(fast)).toBeLessThan(Math.max(5e-5, 2 * of(own)));
        }
        best = Math.min(best, off(fast, exact) / (2 * off(own, exact) + 1e-6));
      });
    }
    expect(best).toBeLessThan(1);
    faster.release();
    double.release();
  });
}

const SCANS = 8;

/** How far gradients are from the exact ones, all together, as a share of their size. */
function off(found: Learned, exact: Learned): number {
  let [error, size] = [0, 0];
  for (const [path, truth] of exact.gradients) {
    const numbers = found.gradients.get(path) ?? [];
    for (const [place, value] of truth.entries()) {
      error += (value - (numbers[place] ?? NaN)) ** 2;
      size += value ** 2;
    }
  }
  return Math.sqrt(error / size);
}

interface Learned {
  readonly gradients: Map<string, number[]>;
  readonly buffers: Map<string, number[]>;
}

/** One pass in training from the same weights and statistics: gradients of a sum over all heads, and the statistics after it. */
function learned(network: Network, forward: Network, scan: Tensor): Learned {
  return scope(() => {
    const parameters = network.parameters();
    withoutGradients(() => {
      for (const [path, tensor] of network.state())
        if (!parameters.has(path)) tensor.copyInPlace(filled(path, tensor.shape));
    });
    const heads = [...headsOf(forward, scan, training(3))];
    const total = heads
      .map(([name, head]) => head.mul(pattern(name, head.shape).toDtype(head.dtype)).sum(undefined))
      .reduce((sum, one) => sum.add(one));
    const found = gradients(total, [...parameters.values()]);
    return {
      gradients: new Map([...parameters.keys()].map((path, place) => [path, found[place]?.toNumbers() ?? []])),
      buffers: new Map(
        [...network.state()]
          .filter(([path]) => !parameters.has(path))
          .map(([path, tensor]) => [path, tensor.toNumbers()]),
      ),
    };
  });
}

/** The largest difference as a share of the range. */
function apart(found: Tensor | undefined, truth: Tensor): number {
  const numbers = truth.toNumbers();
  const range =
    numbers.reduce((most, value) => Math.max(most, value), -Infinity) -
    numbers.reduce((least, value) => Math.min(least, value), Infinity);
  return difference(found?.toNumbers() ?? [], numbers) / range;
}

function difference(found: readonly number[], truth: readonly number[]): number {
  return truth.reduce(
    (worst, value, place) => Math.max(worst, Math.abs(value - (found[place] ?? (truth.length === 0 ? 0 : NaN)))),
    0,
  );
}

function largest(numbers: readonly number[]): number {
  return numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
