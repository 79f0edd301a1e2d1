import { z } from "zod";

/** Weights that stand still. */
export const frozenSchema = z
  .array(
    z.strictObject({
      part: z.string().min(1).describe("names in the paths of weights, such as backbone or gates"),
      epochs: z.int().min(1).optional().describe("for this many epochs; always unless given"),
      optional: z.literal(true).optional().describe("the network may be without it, as some of its variants are"),
    }),
  )
  .describe("weights that stand still");
export type Frozen = z.infer<typeof frozenSchema>;
