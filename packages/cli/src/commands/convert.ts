import { readScan, writeNifti } from "@multirnet/imaging/node";
import { z } from "zod";

import { command } from "../command.js";
import { gridAnswer } from "../grid-answer.js";
import { logWarnings } from "../log-warnings.js";

export const convert = command({
  name: "convert",
  summary: "A scan, written again as NIfTI on its own grid.",
  args: [
    { name: "in", says: "NIfTI file" },
    { name: "out", says: "file to write, .nii or .nii.gz" },
  ],
  options: {},
  input: z.strictObject({ in: z.string(), out: z.string() }),
  async run({ in: from, out }, io) {
    const { volume, description, warnings } = await readScan(from);
    logWarnings(io, from, warnings);
    await writeNifti(out, volume, { description });
    return gridAnswer(out, volume.grid);
  },
});
