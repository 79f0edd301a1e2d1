import { MEASURED_REGIONS, MEASURED_SPLITS, measureRun } from "@multirnet/learning";
import { z } from "zod";

import { command } from "../command.js";
import { measuredText } from "../measured-text.js";
import { whole } from "../options.js";

export const evaluate = command({
  name: "evaluate",
  summary: "All metrics of a trained network on whole cases.",
  args: [{ name: "run", says: "run folder, cross validation, bundle folder or zip" }],
  options: {
    dataset: { value: "d", says: "another dataset folder than the run's own" },
    split: {
      value: "s",
      says: `${MEASURED_SPLITS.join(", ")}; default test: the fold that was held back; apart: what is kept for the end`,
    },
    region: {
      value: "r",
      says: "whole, or roi: one region around the largest lesion, whose place is taken from the truth",
    },
    passes: { value: "n", says: "extra passes, in place of the network's own number" },
    out: {
      value: "dir",
      says: "for metrics.json and predictions/; default the run, where its own test cases are measured whole and with its own passes; else nothing is written",
    },
  },
  input: z.strictObject({
    run: z.string(),
    dataset: z.string().optional(),
    split: z.enum(MEASURED_SPLITS).default("test"),
    region: z.enum(MEASURED_REGIONS, "expected whole or roi").default("whole"),
    passes: whole(0).optional(),
    out: z.string().optional(),
  }),
  async run({ run, dataset, split, region, passes, out }, io) {
    const measured = await measureRun(run, {
      dataset,
      split,
      region,
      passes,
      out,
      signal: io.signal,
      onCase: (done, of, name) => {
        io.progress(done, of, `cases measured, ${name}`);
      },
    });
    const seen = measured.seenInTraining.length;
    if (seen > 0) io.log(`${String(seen)} of these cases made or chose the weights: no measure of anything new`);
    for (const note of measured.notes) io.log(note);
    return { json: measured, text: measuredText(measured) };
  },
});
