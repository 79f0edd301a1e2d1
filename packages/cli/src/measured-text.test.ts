import type { Measured } from "@multirnet/learning";
import { expect, test } from "vitest";

import { measuredText } from "./measured-text.js";

const mean = (value: number): object => ({
  mean: value,
  cases: 2,
  interval95: { low: value - 0.1, high: value + 0.1 },
  undefinedCases: [{ because: "both are empty", cases: 1 }],
});

test("each lesion type has a table of its own after that of all together", () => {
  const measured = {
    segmentation: { vdsc: mean(0.5) },
    types: { "ground-glass": { vdsc: mean(0.4) }, consolidation: { undefined: "no case with a mask" } },
    classification: { undefined: "no diagnosis from this model" },
    cases: [],
  } as unknown as Measured;
  const lines = measuredText(measured)
    .split("\n")
    .filter((line) => line !== "");
  expect(lines.slice(1).map((line) => line.split(/ {2,}/))).toEqual([
    ["mean", "95 % interval", "over"],
    ["vdsc", "0.500", "[0.400, 0.600]", "2 cases, 1 without: both are empty"],
    ["ground-glass, mean", "95 % interval", "over"],
    ["vdsc", "0.400", "[0.300, 0.500]", "2 cases, 1 without: both are empty"],
    ["consolidation, mean: no case with a mask"],
    ["classification: no diagnosis from this model"],
  ]);
});
