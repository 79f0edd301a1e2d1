import { expect, test } from "vitest";

import { logits, mask } from "../testing/loss-inputs.js";
import { edgeLoss } from "./edge.js";

/** What an edge head must answer to cost nothing, read from where it costs. */
function edgesOf(g: readonly number[], shape: readonly number[]): number[] {
  const sure = new Array<number>(g.length).fill(-60);
  const costs = (x: readonly number[]): number => edgeLoss(logits(x, shape), mask(g, shape)).item() * g.length;
  return sure.map((_, at) => Number(costs(sure.with(at, 60)) < costs(sure)));
}

test("the ring of a lesion, corners too, and nothing of its inside", () => {
  const g = [
    [0, 0, 0, 0, 0, 0],
    [0, 1, 1, 1, 1, 0],
    [0, 1, 1, 1, 1, 0],
    [0, 1, 1, 1, 1, 0],
    [0, 0, 0, 0, 1, 0],
  ];
  const edges = [
    [0, 0, 0, 0, 0, 0],
    [0, 1, 1, 1, 1, 0],
    [0, 1, 0, 0, 1, 0],
    [0, 1, 1, 1, 1, 0],
    [0, 0, 0, 0, 1, 0],
  ];
  expect(edgesOf(g.flat(), [1, 1, 1, 5, 6])).toEqual(edges.flat());
});

test("a lesion that is cut off by the region has no edge there", () => {
  const g = [1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0];
  expect(edgesOf(g, [1, 1, 1, 3, 4])).toEqual([0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0]);
});

test("slices, channels and samples have edges of their own", () => {
  const full = new Array<number>(9).fill(1);
  const dot = [0, 0, 0, 0, 1, 0, 0, 0, 0];
  for (const shape of [
    [1, 1, 2, 3, 3],
    [1, 2, 1, 3, 3],
    [2, 1, 1, 3, 3],
  ])
    expect(edgesOf([...full, ...dot], shape)).toEqual([...new Array<number>(9).fill(0), ...dot]);
});

test("half sure everywhere costs ln 2", () => {
  const shape = [1, 1, 1, 2, 2];
  expect(edgeLoss(logits([0, 0, 0, 0], shape), mask([1, 0, 0, 0], shape)).item()).toBeCloseTo(Math.LN2, 10);
});
