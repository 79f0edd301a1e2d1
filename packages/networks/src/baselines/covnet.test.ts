import { RandomSource } from "@multirnet/base";
import { cat, scope, withoutGradients, type Tensor } from "@multirnet/engine";
import { expect, test } from "vitest";

import { diseaseOf, type Pass } from "../network.js";
import { noise } from "../testing/formula.js";
import { EVALUATION, training } from "../testing/passes.js";
import { CovNet, covnetOptions, covnetPresets } from "./covnet.js";

const tiny = (options: Record<string, unknown> = {}): CovNet =>
  new CovNet(covnetOptions.parse({ ...covnetPresets.tiny, planes: 4, ...options }), new RandomSource(5));
const scans = (): Tensor => noise("scans", [2, 3, 3, 32, 64]);
const answer = (network: CovNet, input: Tensor, pass: Pass): number[] =>
  withoutGradients(() => diseaseOf(network.forward(input, pass))?.toNumbers() ?? []);
const close = (values: readonly number[]): unknown[] => values.map((n) => expect.closeTo(n, 5) as unknown);

test("the diagnosis is a linear layer over the largest of the slices' means, feature by feature", () => {
  scope(() => {
    const network = tiny();
    const input = scans();
    // Slice by slice: six features of 1×128×1×2 each.
    const means = [0, 1].map((scan) =>
      [0, 1, 2].map((slice) => {
        const one = input.narrow(0, scan, 1).narrow(1, slice, 1).reshape([1, 3, 32, 64]);
        const values = withoutGradients(() => network.features.forward(one, EVALUATION)).toNumbers();
        return Array.from({ length: 128 }, (_, at) => ((values[2 * at] ?? NaN) + (values[2 * at + 1] ?? NaN)) / 2);
      }),
    );
    const weight = network.head.weight.tensor.toNumbers();
    const expected = means.flatMap((slices) =>
      [0, 1, 2].map((one) =>
        Array.from({ length: 128 }, (_, at) => Math.max(...slices.map((mean) => mean[at] ?? NaN))).reduce(
          (sum, largest, at) => sum + largest * (weight[one * 128 + at] ?? NaN),
          0,
        ),
      ),
    );
    expect(answer(network, input, EVALUATION)).toEqual(close(expected));
  });
});

test("statistics of the batch are those that training takes, of the scan's own slices, and none are remembered", () => {
  scope(() => {
    const [own, usual] = [tiny({ statistics: "batch" }), tiny()];
    const [first, second] = [0, 1].map((scan) => scans().narrow(0, scan, 1));
    const each = [first, second].map((scan) => answer(tiny(), scan as Tensor, training())); // no dropout: the norms alone differ
    const before = [...own.state()].map(([path, tensor]) => [path, tensor.toNumbers()]);
    expect(answer(own, first as Tensor, EVALUATION)).toEqual(close(each[0] ?? []));
    expect(answer(own, cat([first as Tensor, second as Tensor], { dim: 0 }), EVALUATION)).toEqual(close(each.flat()));
    expect([...own.state()].map(([path, tensor]) => [path, tensor.toNumbers()])).toEqual(before);
    const remembered = answer(usual, first as Tensor, EVALUATION);
    expect(Math.max(...remembered.map((value, at) => Math.abs(value - (each[0]?.[at] ?? NaN))))).toBeGreaterThan(1e-2);
  });
});
