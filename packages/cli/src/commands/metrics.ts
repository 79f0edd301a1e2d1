import { segmentationScores, toJson } from "@multirnet/evaluation";
import { readLabels } from "@multirnet/imaging/node";
import { z } from "zod";

import { command } from "../command.js";
import { logWarnings } from "../log-warnings.js";
import { numberFrom, whole } from "../options.js";
import { scoreText } from "../score-text.js";
import { textTable } from "../text-table.js";

export const metrics = command({
  name: "metrics",
  summary: "Segmentation metrics of two masks on one grid.",
  args: [
    { name: "truth", says: "NIfTI mask" },
    { name: "prediction", says: "NIfTI mask" },
  ],
  options: {
    toleranceMm: { value: "mm", says: "of surface Dice and surface overlap; default 1" },
    label: { value: "l", says: "one label value alone; default all above 0" },
  },
  input: z.strictObject({
    truth: z.string(),
    prediction: z.string(),
    toleranceMm: numberFrom(0).default(1),
    label: whole(1).optional(),
  }),
  async run({ truth, prediction, toleranceMm, label }, io) {
    const [of, by] = await Promise.all([readLabels(truth), readLabels(prediction)]);
    logWarnings(io, truth, of.warnings);
    logWarnings(io, prediction, by.warnings);
    const scores = segmentationScores(of.volume, by.volume, {
      tolerancesMm: [toleranceMm],
      ...(label === undefined ? {} : { label }),
    });
    const json = Object.fromEntries(NAMES.map((name) => [name, toJson(scores[name])]));
    return { json, text: textTable(NAMES.map((name) => [name, scoreText(toJson(scores[name]))])) };
  },
});

const NAMES = [
  "vdsc",
  "sdsc",
  "aso",
  "asdMm",
  "asdVoxelMm",
  "hd95Mm",
  "hd95VoxelMm",
  "truthMl",
  "predictionMl",
] as const;
