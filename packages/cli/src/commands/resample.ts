import { orientTo, resampleToSpacing } from "@multirnet/imaging";
import { readLabels, readScan, writeNifti } from "@multirnet/imaging/node";
import { z } from "zod";

import { command } from "../command.js";
import { gridAnswer } from "../grid-answer.js";
import { logWarnings } from "../log-warnings.js";
import { triple } from "../options.js";

export const resample = command({
  name: "resample",
  summary:
    "A scan or a mask at another spacing, as networks see it: axes to left, back and head, then trilinear (masks: nearest).",
  args: [
    { name: "in", says: "NIfTI file" },
    { name: "out", says: "file to write, .nii or .nii.gz" },
  ],
  options: {
    spacingMm: { value: "x,y,z", says: "wanted distance of voxel centres along left, back and head" },
    label: { says: "the file is a mask" },
  },
  input: z.strictObject({
    in: z.string(),
    out: z.string(),
    spacingMm: triple("three numbers above 0"),
    label: z.boolean().default(false),
  }),
  async run({ in: from, out, spacingMm, label }, io) {
    if (label) {
      const { volume, warnings } = await readLabels(from);
      logWarnings(io, from, warnings);
      const mask = resampleToSpacing(orientTo(volume), spacingMm);
      await writeNifti(out, mask);
      return gridAnswer(out, mask.grid);
    }
    const { volume, description, warnings } = await readScan(from);
    logWarnings(io, from, warnings);
    const resampled = resampleToSpacing(orientTo(volume), spacingMm);
    await writeNifti(out, resampled, { description });
    return gridAnswer(out, resampled.grid);
  },
});
