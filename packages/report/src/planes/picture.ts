import { encode } from "fast-png";

import type { HuWindow } from "@multirnet/imaging";

import type { Slice } from "./plane.js";

/** Width 1500, level -600: the usual one to look at lungs with. Not what networks are given. */
export const LUNG_WINDOW_HU: HuWindow = { low: -1350, high: 150 };

/** @returns a data URI of an 8-bit grey PNG with at most `mostPixels` on a side; NaN is black */
export function greyPicture(slice: Slice<"hounsfield">, { low, high }: HuWindow, mostPixels: number): string {
  const { width, height, values } = reduced(slice, mostPixels);
  const grey = Uint8Array.from(values, (hu) =>
    Math.min(255, Math.max(0, Math.round(((hu - low) / (high - low)) * 255))),
  );
  return pngUri(encode({ width, height, data: grey, channels: 1, depth: 8 }, { zlib: { level: 9 } }));
}

/** @returns a data URI of a PNG that is clear where the probability is 0 and more and more orange above */
export function probabilityPicture(slice: Slice<"probability">, mostPixels: number): string {
  const { width, height, values } = reduced(slice, mostPixels);
  const steps = Uint8Array.from(values, (p) =>
    Math.min(HEAT.length - 1, Math.max(0, Math.round(p * (HEAT.length - 1)))),
  );
  const palette = HEAT.map((colour) => [...colour]);
  return pngUri(encode({ width, height, data: steps, channels: 1, depth: 8, palette }, { zlib: { level: 9 } }));
}

/** From clear red-orange to dense yellow: lightness grows with probability, so that it reads without colour vision too. */
const HEAT: readonly (readonly [red: number, green: number, blue: number, alpha: number])[] = Array.from(
  { length: 33 },
  (_, i) => {
    const p = i / 32;
    return [
      255,
      Math.round(80 + 150 * p),
      Math.round(20 + 40 * p),
      Math.round(150 * Math.sqrt(p) * Math.min(1, 4 * p)),
    ];
  },
);

/** Means of blocks of n×n pixels, n as small as the limit allows; a block at the edge may be smaller. */
function reduced<M extends "hounsfield" | "probability">(
  slice: Slice<M>,
  mostPixels: number,
): Pick<Slice<M>, "width" | "height" | "values"> {
  const n = Math.ceil(Math.max(slice.width, slice.height) / mostPixels);
  if (n <= 1) return slice;
  const width = Math.ceil(slice.width / n);
  const height = Math.ceil(slice.height / n);
  const sums = new Float32Array(width * height);
  const counts = new Uint32Array(width * height);
  for (let y = 0; y < slice.height; y++) {
    const row = Math.floor(y / n) * width;
    for (let x = 0; x < slice.width; x++) {
      const at = row + Math.floor(x / n);
      sums[at] = (sums[at] as number) + (slice.values[x + y * slice.width] as number);
      counts[at] = (counts[at] as number) + 1;
    }
  }
  return { width, height, values: sums.map((sum, i) => sum / (counts[i] as number)) };
}

const CHARACTERS_AT_ONCE = 0x8000; // arguments of one call

function pngUri(png: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < png.length; at += CHARACTERS_AT_ONCE) {
    binary += String.fromCharCode(...png.subarray(at, at + CHARACTERS_AT_ONCE));
  }
  return `data:image/png;base64,${btoa(binary)}`;
}
