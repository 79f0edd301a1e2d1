import { decode } from "fast-png";
import { expect, test } from "vitest";

import { regionPicture } from "./region-picture.js";

/** The picture by letters: g for a truth's outline, o for what was found, a digit for a tenth of grey. */
function letters(slice: Parameters<typeof regionPicture>[0], scale: number): string[] {
  const { png, width, height } = regionPicture(slice, scale);
  const { data, width: w, height: h, channels } = decode(png);
  expect([w, h, channels]).toEqual([width, height, 3]);
  return Array.from({ length: h }, (_, y) =>
    Array.from({ length: w }, (_, x) => {
      const [red = 0, green = 0, blue = 0] = data.subarray(3 * (x + w * y), 3 * (x + w * y) + 3);
      if (red === green && green === blue) return String(Math.round((red / 255) * 9));
      return red > green ? "o" : "g";
    }).join(""),
  );
}

test("each pixel is enlarged, and an outline runs inside the edges of what is marked", () => {
  const image = Float32Array.of(0, 1, 1, 0, 0, 0);
  const truth = Uint8Array.of(0, 1, 1, 0, 0, 0);
  expect(letters({ width: 3, height: 2, image, truth }, 3)).toEqual([
    "000gggggg",
    "000g9999g",
    "000gggggg",
    "000000000",
    "000000000",
    "000000000",
  ]);
});

test("what was found is drawn over the truth, from the threshold on", () => {
  const image = new Float32Array(4).fill(0.5);
  const slice = {
    width: 2,
    height: 2,
    image,
    truth: Uint8Array.of(1, 0, 1, 0),
    probability: Float32Array.of(0.5, 0, 0.49, 0),
  };
  expect(letters(slice, 2)).toEqual(["oo55", "oo55", "gg55", "gg55"]);
});

test("without truth and prediction it is the slice alone", () => {
  expect(letters({ width: 2, height: 1, image: Float32Array.of(0, 1) }, 2)).toEqual(["0099", "0099"]);
});
