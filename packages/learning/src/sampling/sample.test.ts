import { LPS_AXES } from "@multirnet/imaging";
import { expect, test } from "vitest";

import type { PreparedCase } from "../dataset/prepared-case.js";
import { madePrepared } from "../dataset/testing/prepared.js";
import { batches, epochOrder } from "./order.js";
import { drawSample } from "./sample.js";

const names = ["a", "b", "c", "d", "e", "f", "g"];

test("an epoch visits each case once, in an order of its own that the seed fixes", () => {
  const orders = [0, 1, 2].map((epoch) => epochOrder(names, { seed: 1, epoch }));
  for (const order of orders) expect([...order].sort()).toEqual(names);
  expect(new Set(orders.map((order) => order.join())).size).toBe(3);
  expect(epochOrder(names, { seed: 1, epoch: 2 })).toEqual(orders[2]);
  expect(epochOrder(names, { seed: 2, epoch: 2 })).not.toEqual(orders[2]);
});

test("batches keep the order; the last holds what is left", () => {
  expect(batches(names, 3)).toEqual([["a", "b", "c"], ["d", "e", "f"], ["g"]]);
  expect(batches(names, 7)).toEqual([names]);
  expect(batches([], 4)).toEqual([]);
});

function prepared(name: string): PreparedCase {
  const size = { x: 12, y: 10, z: 8 };
  const grid = { size, spacingMm: { x: 1, y: 1, z: 1 }, originMm: { x: 0, y: 0, z: 0 }, axes: LPS_AXES };
  const image = Uint16Array.from({ length: 960 }, (_, i) => i * 60);
  return madePrepared({
    entry: { name, patient: name, mask: "drawn" },
    grid,
    image,
    mask: Uint8Array.from(image, (value) => Number(value > 30_000)),
    components: [{ voxels: 460, centre: { x: 5.5, y: 4.5, z: 6 }, places: [700, 800] }],
    places: new Uint32Array([0, 100, 500]),
  });
}

const settings = {
  region: { x: 6, y: 4, z: 4 },
  aim: "centre" as const,
  backgroundShare: 0.3,
  insideBody: false,
  augmentation: { flipLeftRight: 0.5, flipFrontBack: 0.5, gamma: 1, noise: 1 },
};

test("a sample depends on seed, epoch and case, and on nothing that was drawn before", () => {
  const key = { seed: 3, epoch: 5 };
  const alone = drawSample(prepared("b"), settings, key);
  drawSample(prepared("a"), settings, key);
  expect(drawSample(prepared("b"), settings, key)).toEqual(alone);
  const others = [
    drawSample(prepared("a"), settings, key),
    drawSample(prepared("b"), settings, { seed: 4, epoch: 5 }),
    drawSample(prepared("b"), settings, { seed: 3, epoch: 6 }),
  ];
  for (const other of others) {
    expect(other.place).not.toEqual(alone.place);
    expect(other.augmentation).not.toEqual(alone.augmentation);
  }
});

test("image and mask stay aligned through cutting and flipping", () => {
  const flipsOnly = { ...settings, augmentation: { flipLeftRight: 0.5, flipFrontBack: 0.5 } };
  for (let epoch = 0; epoch < 40; epoch++) {
    const { image, mask } = drawSample(prepared("a"), flipsOnly, { seed: 0, epoch });
    expect(mask).toEqual(Uint8Array.from(image, (value) => Number(value > 30_000.5 / 65535)));
  }
});
