import { describe, expect, test } from "vitest";

import { gradients, withoutGradients } from "./autograd.js";
import { call } from "./call.js";
import { tensor } from "./create.js";
import { conv3d, Tensor, zeros } from "./generated/tensor.js";
import { aboutEngine } from "./machine.js";
import { chromeTrace, flopOf, joinedProfiles, profiled } from "./profile.js";
import { labelled, record } from "./recorder.js";
import { scope } from "./scope.js";

test("a profile sums calls of one operator on one shape in one part, in order of appearance, with the bytes of their tensors", () => {
  const [small, large] = [zeros([2, 3]), zeros([4])];
  const { profile } = profiled(() => {
    small.neg();
    labelled("head", () => small.neg());
    large.neg();
    small.neg();
    tensor([1], []).exp();
  });
  expect(profile.rows.map(({ milliseconds: _, ...row }) => row)).toEqual([
    { op: "aten::neg", module: "", shapes: "2×3", calls: 2, flop: 12, bytes: 96, backward: 0 },
    { op: "aten::neg", module: "head", shapes: "2×3", calls: 1, flop: 6, bytes: 48, backward: 0 },
    { op: "aten::neg", module: "", shapes: "4", calls: 1, flop: 4, bytes: 32, backward: 0 },
    { op: "aten::exp", module: "", shapes: "scalar", calls: 1, flop: 1, bytes: 8, backward: 0 },
  ]);
  const told = profile.rows.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  expect(told).toBeGreaterThan(0);
  expect(told).toBeLessThanOrEqual(profile.milliseconds);
});

test("the backward pass counts to the calls that it differentiates", () => {
  scope(() => {
    const weight = zeros([3, 2, 3, 3, 3]).add(1).detach().setRequiresGrad(true);
    const { profile } = profiled(() => {
      const wide = labelled("wide", () => conv3d(zeros([1, 2, 8, 8, 8]), weight));
      return gradients(
        labelled("squares", () => wide.mul(wide)),
        [weight],
      );
    });
    const of = (op: string): number | undefined => profile.rows.find((row) => row.op === op)?.backward;
    expect(of("aten::conv3d")).toBeGreaterThan(0);
    expect(of("aten::mul.Tensor")).toBeGreaterThan(0);
    const back = profile.events.filter(({ backward }) => backward);
    expect(back.some(({ name, module }) => module === "wide" && name.includes("Convolution"))).toBe(true);
    expect(back.some(({ name, module }) => module === "squares" && name.includes("Mul"))).toBe(true);
  });
});

test("what runs before and after is not in it, also where its work fails", () => {
  const x = zeros([2]);
  x.neg();
  expect(() =>
    profiled(() => {
      x.exp();
      throw new Error("enough");
    }),
  ).toThrow("enough");
  const { profile } = profiled(() => x.abs());
  expect(profile.rows.map(({ op }) => op)).toEqual(["aten::abs"]);
  expect(profile.events.map(({ name }) => name)).toContain("aten::abs");
  expect(profile.events.map(({ name }) => name)).not.toContain("aten::exp");
});

test("several profiles are added up, and written as a Chrome trace", () => {
  const x = zeros([2]);
  const once = (): ReturnType<typeof profiled>["profile"] => profiled(() => labelled("part", () => x.neg())).profile;
  const all = joinedProfiles([once(), once()]);
  expect(all.rows).toEqual([
    expect.objectContaining({ op: "aten::neg", module: "part", calls: 2, flop: 4, bytes: 32 }),
  ]);
  const { traceEvents } = JSON.parse(chromeTrace(all)) as { traceEvents: Record<string, unknown>[] };
  const negations = traceEvents.filter(({ name }) => name === "aten::neg");
  expect(negations).toHaveLength(2);
  expect(negations[0]).toMatchObject({ ph: "X", cat: "operator", args: { module: "part", bytes: 16 } });
  expect(Math.min(...traceEvents.map(({ ts }) => ts as number))).toBe(0);
});

const { block } = aboutEngine();

describe.skipIf(block === 0)("FLOP of convolutions in blocks", () => {
  const window = (transposed: boolean): [number[], number[], number[], boolean, number[]] => [
    transposed ? [2, 2, 2] : [1, 1, 1],
    transposed ? [0, 0, 0] : [1, 1, 1],
    [1, 1, 1],
    transposed,
    [0, 0, 0],
  ];

  test("are those of the channels that there are, packed or not", () => {
    scope(() => {
      withoutGradients(() => {
        const [x] = call(Tensor, "multirnet::block", [zeros([1, 5, 4, 6, 7])]) as [Tensor];
        const weight = zeros([3, 5, 3, 3, 3]);
        const [packed] = call(Tensor, "multirnet::pack", [weight, [1, 5, 4, 6, 7], false, ...window(false)]) as [
          Tensor,
        ];
        const flop = (run: () => unknown): number => record(run).calls.reduce((sum, one) => sum + flopOf(one), 0);
        const expected = 2 * (3 * 5 * 27) * (4 * 6 * 7);
        expect(flop(() => call(Tensor, "multirnet::convolution", [x, weight, undefined, ...window(false)]))).toBe(
          expected,
        );
        const bias = zeros([3]);
        const args = [[x], packed, [3, 5, 3, 3, 3], bias, ...window(false), undefined, undefined] as const;
        expect(flop(() => call(Tensor, "multirnet::convolution_packed", args))).toBe(expected);
        const up = zeros([5, 3, 2, 2, 2]);
        const wide = 2 * (5 * 3 * 8) * (4 * 6 * 7);
        expect(flop(() => call(Tensor, "multirnet::convolution", [x, up, undefined, ...window(true)]))).toBe(wide);
      });
    });
  });
});
