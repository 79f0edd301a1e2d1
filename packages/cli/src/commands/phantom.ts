import { writePhantoms } from "@multirnet/learning";
import { z } from "zod";

import { command } from "../command.js";
import { triple, whole } from "../options.js";

export const phantom = command({
  name: "phantom",
  summary: "Synthetic chest CTs with masks and diagnoses, as a dataset folder; the same for the same seed.",
  args: [{ name: "out", says: "new or empty folder" }],
  options: {
    cases: { value: "n", says: "how many" },
    seed: { value: "s", says: "whole number; default 0" },
    size: { value: "x,y,z", says: "voxels; default 128,104,64" },
  },
  input: z.strictObject({
    out: z.string(),
    cases: whole(1),
    seed: whole(0).default(0),
    size: triple("three whole numbers", z.number().int().positive()).optional(),
  }),
  async run({ out, cases, seed, size }, io) {
    const onCase = (done: number): void => {
      io.progress(done, cases, "phantoms");
    };
    const sha256 = await writePhantoms(out, { cases, seed, size, signal: io.signal, onCase });
    return { json: { cases, sha256 }, text: `${out}: ${String(cases)} phantoms, voxels' SHA-256 ${sha256}` };
  },
});
