import { roofline, rowsText } from "@multirnet/bench";
import { z } from "zod";

import { command } from "../command.js";

export const bench = command({
  name: "bench",
  summary: "How fast: what this machine reaches, and what of it is used.",
  args: [{ name: "what", says: "roofline", optional: true }],
  options: {},
  input: z.strictObject({ what: z.literal("roofline", "expected roofline").default("roofline") }),
  run() {
    const rows = roofline();
    return Promise.resolve({ json: { rows }, text: rowsText(rows) });
  },
});
