import { convertIndexedToRgb, decode } from "fast-png";
import { expect, test } from "vitest";

import { greyPicture, LUNG_WINDOW_HU, probabilityPicture } from "./picture.js";
import type { Slice } from "./plane.js";

function decoded(uri: string): ReturnType<typeof decode> {
  expect(uri.startsWith("data:image/png;base64,")).toBe(true);
  return decode(Buffer.from(uri.slice(uri.indexOf(",") + 1), "base64"));
}

const slice = (width: number, values: readonly number[]): Slice<"hounsfield"> & Slice<"probability"> => ({
  width,
  height: values.length / width,
  pixelMm: { across: 1, down: 2 },
  values: Float32Array.from(values),
});

test("the window goes from black to white, and clips", () => {
  // -600 HU is the middle of -1350 to 150: 127.5, rounded up.
  const { width, height, channels, depth, data } = decoded(
    greyPicture(slice(3, [-2000, -1350, -600, 150, 3000, Number.NaN]), LUNG_WINDOW_HU, 512),
  );
  expect({ width, height, channels, depth }).toEqual({ width: 3, height: 2, channels: 1, depth: 8 });
  expect([...data]).toEqual([0, 0, 128, 255, 255, 0]);
});

test("a slice too large is reduced by whole blocks, odd edges by what there is", () => {
  const { width, height, data } = decoded(
    greyPicture(slice(5, [0, 100, 200, 200, 50, 0, 100, 0, 0, 150, 10, 30, 40, 40, 255]), { low: 0, high: 255 }, 3),
  );
  // 5 × 3 by blocks of 2: means of (0 100 0 100), (200 200 0 0), (50 150); (10 30), (40 40), (255).
  expect({ width, height }).toEqual({ width: 3, height: 2 });
  expect([...data]).toEqual([50, 100, 100, 20, 40, 255]);
});

test("probability 0 is clear, and more is denser and lighter", () => {
  const picture = decoded(probabilityPicture(slice(4, [0, 0.25, 0.5, 1]), 512));
  const rgba = convertIndexedToRgb(picture);
  const pixels = [0, 1, 2, 3].map((i) => [...rgba.subarray(4 * i, 4 * i + 4)] as [number, number, number, number]);
  const alphas = pixels.map(([, , , alpha]) => alpha);
  const greens = pixels.map(([, green]) => green);
  expect(alphas[0]).toBe(0);
  for (let i = 1; i < 4; i++) {
    expect(alphas[i]).toBeGreaterThan(alphas[i - 1] ?? 255);
    expect(greens[i]).toBeGreaterThan(greens[i - 1] ?? 255);
  }
});
