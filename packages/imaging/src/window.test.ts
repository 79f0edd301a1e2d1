import { expect, test } from "vitest";

import { GRID } from "./testing/patients.js";
import { CT_WINDOW_HU, windowed } from "./window.js";

const scan = (...voxels: number[]) => ({
  meaning: "hounsfield" as const,
  grid: { ...GRID, size: { x: voxels.length, y: 1, z: 1 } },
  voxels: Float32Array.from(voxels),
});

test("the CT window goes from air to dense tissue, clipped", () => {
  expect(CT_WINDOW_HU).toEqual({ low: -1000, high: 400 });
  expect([...windowed(scan(-3000, -1000, -300, 50, 400, 3000))]).toEqual([0, 0, 0.5, 0.75, 1, 1]);
});

test("another window", () => {
  expect([...windowed(scan(-200, -160, 40, 240, 250), { low: -160, high: 240 })]).toEqual([0, 0, 0.5, 1, 1]);
});
