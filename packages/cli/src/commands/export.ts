import { exportRun } from "@multirnet/learning";
import { z } from "zod";

import { command } from "../command.js";

export const exportBundle = command({
  name: "export",
  summary: "A run's weights as a model bundle, to hand on.",
  args: [
    { name: "run", says: "run folder or cross validation" },
    { name: "out", says: "new folder, empty folder or older bundle" },
  ],
  options: {
    half: { says: "weights in 16 bits, norms and biases apart: half the size" },
    licence: { value: "f", says: "text file with the licence of the weights" },
    metrics: { value: "f", says: "metrics.json of `evaluate --out` for the card; default the run's own" },
  },
  input: z.strictObject({
    run: z.string(),
    out: z.string(),
    half: z.boolean().default(false),
    licence: z.string().optional(),
    metrics: z.string().optional(),
  }),
  async run({ run, out, half, licence, metrics }, io) {
    const { files, notes } = await exportRun(run, out, { half, licence, metrics });
    for (const note of notes) io.log(note);
    const maxAbsDifference = { undefined: "this bundle has no ONNX graph to compare with" };
    return { json: { files, maxAbsDifference }, text: Object.values(files).join("\n") };
  },
});
