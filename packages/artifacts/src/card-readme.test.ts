import { expect, test } from "vitest";

import { cardReadme } from "./card-readme.js";
import { card } from "./testing/cards.js";

test("a card becomes a page that says what it gives, takes, has seen and is worth", () => {
  expect(cardReadme("phantom-joint-small", card)).toBe(`# phantom-joint-small

**Research software, not a medical device.**

Lesion outlines and a diagnosis by \`multir-net\`, 1 pass over its own map.

## Gives

- lesions: \`lesion\`
- a diagnosis: \`covid-19\`, \`cap\`, \`normal\`

## Trained on

- phantoms: 2 cases, 2 with a mask, 2 with a diagnosis; all synthetic, no patients
- licence of the data: Apache-2.0
- cases: p000, p001

## Takes

- a chest CT, resampled to 1.5 × 1.25 × 2 mm, in regions of 96 × 80 × 32 voxels (x × y × z)
- -1000 to 400 HU as 0 to 1
- windows that overlap by 0.5, threshold 0.5, lesions from 10 mm³ on

## Measured

- vdsc: 0.71
- sdsc: not given: not measured

## Made with

- multirnet 0.1.0

## Licence of the weights

Apache-2.0
`);
});

test("what a network does not give is not there, and what is estimated is said", () => {
  const text = cardReadme("covid-lesions-small", {
    ...card,
    task: "segmentation",
    classes: [],
    passes: 2,
    inference: { ...card.inference, flips: ["leftRight", "frontBack"] },
    preprocessing: { ...card.preprocessing, spacingMm: { x: "fit", y: "fit", z: 5 } },
    metrics: { "mean V-DSC": 0.64351, folds: [0, 1] },
    data: { ...card.data, synthetic: false, estimated: ["spacing", "intensity"], notes: "Research only." },
  });
  expect(text).toContain("Lesion outlines by `multir-net`, 2 passes over its own map.");
  expect(text).toContain(
    "- each region is looked at mirrored left to right and front to back too, and the mean counts\n",
  );
  expect(text).not.toContain("a diagnosis:");
  expect(text).toContain("a chest CT, resampled to the whole scan × the whole scan × 5 mm, in regions of");
  expect(text).toContain("- not measured but estimated in these data: spacing, intensity\n");
  expect(text).toContain("- Research only.\n");
  expect(text).toContain("- mean V-DSC: 0.644\n- folds: [0,1]\n");
  expect(text).not.toContain("synthetic");
});

test("a mean stands with its cases and its interval, and what has none with the reason", () => {
  const interval95 = { low: 0.3618, high: 1.0269 };
  const none = { mean: { undefined: "no case has a value" }, cases: 0 };
  const metrics = { on: "3 test cases of a", vdsc: { mean: 0.69434, cases: 3, interval95 }, specificity: none };
  expect(cardReadme("a", { ...card, metrics })).toContain(
    [
      "- on: 3 test cases of a",
      "- vdsc: 0.694 (over 3 cases, 95 % interval 0.362 to 1.03)",
      "- specificity: not given: no case has a value (over 0 cases)\n",
    ].join("\n"),
  );
});
