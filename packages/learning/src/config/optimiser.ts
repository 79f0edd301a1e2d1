import { z } from "zod";

import { SCHEDULES } from "../optimisers/schedule.js";

const share = z.number().min(0).lt(1);

export const plateauSchema = z.strictObject({
  factor: z.number().gt(0).lt(1).default(0.5).describe("on the learning rate"),
  patience: z.int().min(1).default(20).describe("epochs without a better validation before it"),
});

const common = {
  learningRate: z.number().positive().default(3e-4).describe("at its highest"),
  schedule: z
    .enum(SCHEDULES)
    .default("constant")
    .describe(
      "learning rate: constant; poly, falling by (1 − t)^0.9; cosine, to 0; or plateau, by plateau.factor when validation stands still",
    ),
  warmUpEpochs: z.number().min(0).default(0).describe("epochs, or a part of one, over which the rate rises from 0"),
  plateau: plateauSchema.optional().describe("for the schedule plateau"),
  clipNorm: z.number().positive().optional().describe("largest norm of all gradients together; they are scaled to it"),
  accumulate: z
    .int()
    .min(1)
    .default(1)
    .describe("batches whose gradients are averaged before the weights move: a larger batch in the memory of one"),
  averageDecay: z
    .number()
    .gt(0)
    .lt(1)
    .optional()
    .describe("of a moving average of the weights, which then is what validates, is kept and predicts"),
};

/** How weights move. */
export const optimiserSchema = z.discriminatedUnion("method", [
  z.strictObject({
    method: z.literal("adam").optional().default("adam"),
    betas: z.tuple([share, share]).default([0.9, 0.999]).describe("how much of the two moments stays each step"),
    epsilon: z.number().positive().default(1e-8).describe("keeps the step finite where the second moment is 0"),
    weightDecay: z.number().min(0).default(0).describe("decoupled from the gradient: above 0 this is AdamW"),
    ...common,
  }),
  z.strictObject({
    method: z.literal("sgd").describe("with Nesterov's momentum"),
    momentum: share.default(0.99).describe("how much of the last step goes on"),
    weightDecay: z.number().min(0).default(0).describe("added to the gradient"),
    ...common,
  }),
]);
export type OptimiserSettings = z.infer<typeof optimiserSchema>;
