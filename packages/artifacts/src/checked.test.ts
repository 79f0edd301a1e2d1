import { expect, test } from "vitest";
import { z } from "zod";

import { checkAgainst, faultWords } from "./checked.js";

const schema = z.strictObject({
  rate: z.number().positive(),
  network: z.enum(["v-net", "multir-net"]).default("v-net"),
  loss: z.strictObject({ alpha: z.number(), gamma: z.number() }).optional(),
  stages: z.array(z.strictObject({ width: z.int() })).min(1),
  name: z.union([z.string(), z.null()]),
  rule: z
    .discriminatedUnion("by", [
      z.strictObject({ by: z.literal("adam").optional().default("adam"), betas: z.number().optional() }),
      z.strictObject({ by: z.literal("sgd"), momentum: z.number().optional() }),
    ])
    .optional(),
  mean: z.union([z.object({ undefined: z.string() }), z.object({ mean: z.number(), cases: z.int() })]).optional(),
  scores: z
    .union([z.object({ undefined: z.string() }), z.record(z.string(), z.object({ mean: z.number() }))])
    .optional(),
  share: z.union([z.number(), z.strictObject({ from: z.number(), epochs: z.int().min(1) })]).default(0),
});
const good = { rate: 1, stages: [{ width: 8 }], name: null };

test.each([
  {
    says: "unknown key laerning; known here: rate, network, loss, stages, name, rule, mean, scores, share",
    document: { ...good, laerning: 1 },
  },
  { says: "unknown key ratte; did you mean rate?", document: { stages: [], ratte: 1 } },
  { says: "unknown key loss.alpa; did you mean loss.alpha?", document: { ...good, loss: { alpa: 1, gamma: 1 } } },
  { says: "unknown key stages.0.widh; did you mean stages.0.width?", document: { ...good, stages: [{ widh: 3 }] } },
  { says: "key rate is missing; expected number", document: { ...good, rate: undefined } },
  { says: "key rate: expected number to be >0, came -1", document: { ...good, rate: -1 } },
  { says: "key rate: expected number, came NaN", document: { ...good, rate: Number.NaN } },
  { says: 'key network: expected one of "v-net"|"multir-net", came "unet"', document: { ...good, network: "unet" } },
  { says: "key stages.0.width: expected int, came 1.5", document: { ...good, stages: [{ width: 1.5 }] } },
  { says: "key stages: expected array to have >=1 items, came []", document: { ...good, stages: [] } },
  { says: "key name: expected string or null, came 4", document: { ...good, name: 4 } },
  { says: 'key rule.by: expected one of "adam"|"sgd", came "lion"', document: { ...good, rule: { by: "lion" } } },
  { says: "unknown key rule.betaz; did you mean rule.betas?", document: { ...good, rule: { betaz: 1 } } },
  {
    says: "unknown key rule.betas, which goes with by adam",
    document: { ...good, rule: { by: "sgd", betas: 1 } },
  },
  {
    says: "unknown key rule.zzzzzz; known here: by, momentum",
    document: { ...good, rule: { by: "sgd", zzzzzz: 1 } },
  },
  {
    says: "unknown key share.epoch; did you mean share.epochs?",
    document: { ...good, share: { from: 0, epoch: 3 } },
  },
  { says: "key share.epochs is missing; expected number", document: { ...good, share: { from: 0 } } },
  {
    says: "key share.epochs: expected number to be >=1, came 0",
    document: { ...good, share: { from: 0, epochs: 0 } },
  },
  { says: "key mean.cases is missing; expected number", document: { ...good, mean: { mean: 1 } } },
  { says: 'key mean.mean: expected number, came "x"', document: { ...good, mean: { mean: "x", cases: 1 } } },
  { says: "key mean.undefined: expected string, came 4", document: { ...good, mean: { undefined: 4 } } },
  { says: 'key scores.vdsc.mean: expected number, came "x"', document: { ...good, scores: { vdsc: { mean: "x" } } } },
  { says: "key share: expected number, came {}", document: { ...good, share: {} } },
  { says: 'key share: expected number or object, came "0"', document: { ...good, share: "0" } },
  { says: "the document: expected object, came [1,2]", document: [1, 2] },
  { says: "the document: expected object, came null", document: null },
  {
    says: `key stages: expected array, came "${"x".repeat(59)}…`,
    document: { ...good, stages: "x".repeat(500) },
  },
])("$says", ({ document, says }) => {
  const checked = checkAgainst(schema, document);
  expect(checked.ok ? "no fault" : faultWords(checked.fault)).toBe(says);
});

test("a right document comes back with its defaults", () => {
  expect(checkAgainst(schema, good)).toEqual({ ok: true, value: { ...good, network: "v-net", share: 0 } });
});
