import { RandomSource } from "@multirnet/base";
import { scope } from "@multirnet/engine";
import { expect, test } from "vitest";

import { lesionOf } from "../network.js";
import { resolveNetwork, sideMultiple } from "../registry.js";
import { noise } from "../testing/formula.js";
import { EVALUATION, training } from "../testing/passes.js";
import { thrownBy } from "../testing/thrown.js";
import { Unet, unetOptions } from "./unet.js";

const made = (options: Record<string, unknown>): Unet =>
  new Unet({ name: "unet3d", dims: 3 }, unetOptions.parse(options), new RandomSource(5));

test("widths that are not given are those of the variant, and stand in the resolved options", () => {
  const resolved = (given: Record<string, unknown>): unknown => resolveNetwork({ name: "unet3d", ...given }).options;
  const published = { lesions: ["lesion"], variant: "monai", widths: [32, 32, 64, 128, 256, 32] };
  expect(resolved({ variant: "monai" })).toEqual(published);
  expect(resolved({ preset: "monai" })).toEqual(published);
  expect(resolved(published)).toEqual(published);
  expect(resolved({})).toEqual({ lesions: ["lesion"], variant: "cicek", widths: [64, 128, 256, 512] });
});

test("the widths of a preset for one variant are refused for the other", () => {
  expect(thrownBy(() => resolveNetwork({ name: "unet3d", preset: "tiny", variant: "monai" }))).toBe(
    "NetworkError: network unet3d: widths: expected a list of 5 or 6 for monai, the last one for the finest decoder level, " +
      "but [4, 6, 8, 10] came",
  );
});

test.each([
  { variant: "cicek", widths: [2, 4, 4, 6], multiple: 8 },
  { variant: "cicek", widths: [2, 4, 4, 6, 6], multiple: 16 },
  { variant: "cicek", widths: [2, 4, 4, 6, 6, 8], multiple: 32 },
  { variant: "monai", widths: [2, 4, 4, 6, 2], multiple: 8 }, // four levels
  { variant: "monai", widths: [2, 4, 4, 6, 6, 2], multiple: 16 },
])("$variant with widths $widths takes multiples of $multiple", ({ variant, widths, multiple }) => {
  scope(() => {
    const options = { variant, widths };
    expect(sideMultiple(resolveNetwork({ name: "unet3d", ...options }))).toBe(multiple);
    const network = made(options);
    const [one, two] = [multiple, 2 * multiple];
    const found = network.forward(noise("scan", [1, 1, one, two, one]), EVALUATION);
    expect(lesionOf(found)?.shape).toEqual([1, 1, one, two, one]);
    const side = (3 * multiple) / 2; // 48, which is a multiple of 16, where there are five halvings
    expect(thrownBy(() => network.forward(noise("scan", [1, 1, one, side, one]), EVALUATION))).toBe(
      `NetworkError: unet3d takes N×1×D×H×W with D, H and W multiples of ${String(multiple)}, ` +
        `but 1×1×${String(one)}×${String(side)}×${String(one)} came`,
    );
    network.release();
  });
});

test.each([
  {
    variant: "cicek",
    widths: [2, 4, 4, 6],
    refused: [1, 1, 8, 8, 8],
    words: "more than one block of 8×8×8 in a training batch, as batch norm needs the variance of several values",
    taken: [
      [2, 1, 8, 8, 8],
      [1, 1, 16, 8, 8],
    ],
  },
  {
    variant: "monai",
    widths: [2, 4, 4, 6, 2],
    refused: [2, 1, 8, 8, 8],
    words:
      "more than one block of 8×8×8 in each sample of a training batch, as instance norm needs the variance of several values",
    taken: [[1, 1, 16, 8, 8]],
  },
])("$variant trains with what leaves its own norm several values", ({ variant, widths, refused, words, taken }) => {
  scope(() => {
    const network = made({ variant, widths });
    expect(thrownBy(() => network.forward(noise("scan", refused), training()))).toBe(
      `NetworkError: unet3d takes ${words}, but ${refused.join("×")} came`,
    );
    expect(lesionOf(network.forward(noise("scan", refused), EVALUATION))?.shape).toEqual(refused);
    for (const shape of taken) network.forward(noise("scan", shape), training());
    expect([...network.state().values()].flatMap((tensor) => tensor.toNumbers()).every(Number.isFinite)).toBe(true);
    network.release();
  });
});
