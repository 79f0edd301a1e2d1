import { writeFileAtomically } from "@multirnet/base/node";
import { readTrainConfig, showDraw } from "@multirnet/learning";
import { z } from "zod";

import { command } from "../command.js";
import { whole } from "../options.js";

export const augment = command({
  name: "augment",
  summary: "What a training sees of a case: the region that it draws, and how it is changed, as a picture.",
  args: [{ name: "case", says: "name in the config's dataset" }],
  options: {
    config: { value: "file", says: "training config" },
    draw: { value: "n", says: "which round of a run, from 0, each looking at the case once; default 0" },
    out: { value: "file", says: "PNG: the slice with most lesion, its outline in green" },
    set: { value: "key=value", says: "put a value over the config's, such as augmentation.elastic=1", many: true },
  },
  input: z.strictObject({
    case: z.string(),
    config: z.string(),
    draw: whole(0).default(0),
    out: z.string(),
    set: z.array(z.string()).default([]),
  }),
  async run({ case: name, config: path, draw, out, set }) {
    const { picture, slice, place, augmentation } = await showDraw(await readTrainConfig(path, set), name, draw);
    await writeFileAtomically(out, [picture.png]);
    return {
      json: { case: name, draw, slice, place, augmentation, file: out },
      text: `${out}: slice ${String(slice)} of the region around ${JSON.stringify(place)}, ${JSON.stringify(augmentation)}`,
    };
  },
});
