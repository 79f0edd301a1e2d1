import { expect, test } from "vitest";

import { RandomSource } from "@multirnet/base";

import { outlinePath, type LabelPicture } from "./outline.js";

/** A picture drawn in text: digits are labels, dots background. */
function drawn(...rows: readonly string[]): LabelPicture {
  const values = Uint8Array.from(rows.join(""), (character) => (character === "." ? 0 : Number(character)));
  return { width: rows[0]?.length ?? 0, height: rows.length, values };
}

test("the border of one pixel is a square around it", () => {
  expect(outlinePath(drawn("....", ".1..", "...."), 1)).toBe("M1 1h1v1h-1z");
});

test("pixels with a common edge share one border, clockwise from its top left", () => {
  expect(outlinePath(drawn(".11.", ".1..", ".111"), 1)).toBe("M1 0h2v1h-1v1h2v1h-3z");
});

test("pixels that touch at a corner only are apart", () => {
  expect(outlinePath(drawn("1.", ".1"), 1)).toBe("M0 0h1v1h-1zM1 1h1v1h-1z");
  expect(outlinePath(drawn(".1", "1."), 1)).toBe("M1 0h1v1h-1zM0 1h1v1h-1z");
});

test("a hole is a loop the other way round", () => {
  expect(outlinePath(drawn("111", "1.1", "111"), 1)).toBe("M0 0h3v3h-3zM1 1v1h1v-1z");
});

test("each label has a border of its own, and one that is not there has none", () => {
  const picture = drawn("12", "12");
  expect(outlinePath(picture, 1)).toBe("M0 0h1v2h-1z");
  expect(outlinePath(picture, 2)).toBe("M1 0h1v2h-1z");
  expect(outlinePath(picture, 3)).toBe("");
});

/** Sum of the signed areas of a path's loops (shoelace), with each `z` drawn back to the loop's start. */
function areaOf(path: string): number {
  let area = 0;
  for (const loop of path.split("M").filter((text) => text !== "")) {
    const [x0 = 0, y0 = 0] = (/^\d+ \d+/.exec(loop)?.[0] ?? "").split(" ").map(Number);
    let [x, y] = [x0, y0];
    for (const [, along, length] of loop.matchAll(/([hv])(-?\d+)/g)) {
      const [nextX, nextY] = along === "h" ? [x + Number(length), y] : [x, y + Number(length)];
      area += (x * nextY - nextX * y) / 2;
      [x, y] = [nextX, nextY];
    }
    area += (x * y0 - x0 * y) / 2;
    expect(x === x0 || y === y0, "the closing edge runs along the grid").toBe(true);
  }
  return area;
}

test("whatever the mask, its loops enclose exactly its pixels", () => {
  for (let round = 0; round < 50; round++) {
    const random = new RandomSource("outline", round);
    const [width, height] = [1 + random.integer(17), 1 + random.integer(13)];
    const values = Uint8Array.from({ length: width * height }, () => (random.chance(0.1 + round / 60) ? 1 : 0));
    const count = values.reduce((a, b) => a + b, 0);
    expect(areaOf(outlinePath({ width, height, values }, 1))).toBe(count);
  }
});
