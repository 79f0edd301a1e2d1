import { expect, test } from "vitest";

import { logits, logitsOf, mask } from "../testing/loss-inputs.js";
import { structureLoss } from "./structure.js";

const loss = (x: ReturnType<typeof logits>, g: ReturnType<typeof mask>, weighted: boolean): number =>
  structureLoss(x, g, { weighted }).item();

test("two voxels, one of them lesion, by hand", () => {
  // The window holds both voxels and 959 zeros: a mean of 1/961 around either.
  const [lesion, other] = [1 + 5 * (1 - 1 / 961), 1 + 5 / 961];
  const [p, q] = [0.75, 0.4];
  const hit = p * lesion;
  const both = (p + 1) * lesion + q * other;
  const iou = (hit + 1) / (both - hit + 1);
  const [ofLesion, ofOther] = [-Math.log(p), -Math.log(1 - q)];
  const shape = [1, 1, 1, 1, 2];
  const [x, g] = [logitsOf([p, q], shape), mask([1, 0], shape)];
  expect(loss(x, g, true)).toBeCloseTo((lesion * ofLesion + other * ofOther) / (lesion + other) + 1 - iou, 10);
  expect(loss(x, g, false)).toBeCloseTo((ofLesion + ofOther) / 2 + 1 - iou, 10);
});

test("each slice of each channel and sample counts the same", () => {
  const p = [0.75, 0.4, 0.2, 0.9, 0.6, 0.5, 0.3, 0.1];
  const g = [1, 0, 0, 1, 1, 1, 0, 0];
  const pairs = [0, 2, 4, 6].map((at) => {
    const shape = [1, 1, 1, 1, 2];
    return loss(logitsOf(p.slice(at, at + 2), shape), mask(g.slice(at, at + 2), shape), true);
  });
  const mean = pairs.reduce((a, b) => a + b) / 4;
  for (const shape of [
    [1, 1, 4, 1, 2],
    [2, 1, 2, 1, 2],
    [1, 2, 2, 1, 2],
    [4, 1, 1, 1, 2],
  ])
    expect(loss(logitsOf(p, shape), mask(g, shape), true)).toBeCloseTo(mean, 10);
});

test("a mistake costs more at the edge of a lesion than inside it", () => {
  const side = 40; // left half lesion
  const g = Array.from({ length: side * side }, (_, i) => Number(i % side < side / 2));
  const shape = [1, 1, 1, side, side];
  const wrongAt = (column: number): number => {
    const x = g.map((value, i) => (i % side === column && i >= 20 * side && i < 21 * side ? -4 : value === 1 ? 4 : -4));
    return loss(logits(x, shape), mask(g, shape), true);
  };
  expect(wrongAt(19)).toBeGreaterThan(wrongAt(10) + 1e-4);
});

test("a slice without lesion costs nothing where nothing is found", () => {
  const shape = [1, 1, 1, 2, 3];
  const nothing = mask(new Array<number>(6).fill(0), shape);
  expect(loss(logits(new Array<number>(6).fill(-60), shape), nothing, true)).toBeCloseTo(0, 12);
  expect(loss(logits(new Array<number>(6).fill(0), shape), nothing, true)).toBeCloseTo(Math.LN2 + 1 - 1 / 4, 10); // 6 · ½ + 1
});
