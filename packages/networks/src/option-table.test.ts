import { expect, test } from "vitest";
import { z } from "zod";

import { optionTable } from "./option-table.js";
import { networkEntry, NETWORKS } from "./registry.js";

test("options come with the values they take, their default and words", () => {
  const rows = optionTable(networkEntry("multirnet"));
  expect(rows.find(({ name }) => name === "task")).toEqual({
    name: "task",
    takes: "joint | segmentation | diagnosis",
    default: "joint",
    says: "which subnets there are",
  });
  const takes = Object.fromEntries(rows.map((row) => [row.name, row.takes]));
  expect(takes).toMatchObject({
    kernel: "3 | 5",
    reverseAttention: "true | false",
    passes: "a whole number from 0 to 2",
    dropout: "a number from 0 below 1",
    widths: "a list of 5, each a whole number from 1",
    fusionWeights: "a list of 4, each a number",
    classes: "a list of 2 or more, each a name",
  });
});

test("bounds of every kind have words", () => {
  const options = z.object({
    open: z.number().gt(1),
    stepped: z.int().min(2).multipleOf(2),
    some: z.array(z.boolean()).min(1).max(3),
    free: z.unknown(),
  });
  const rows = optionTable({ ...networkEntry("vnet"), options });
  expect(rows.map(({ takes }) => takes)).toEqual([
    "a number above 1",
    "a whole number from 2 in steps of 2",
    "a list of 1 to 3, each true | false",
    "any value",
  ]);
});

test.each(NETWORKS.map((entry) => ({ entry, name: entry.name })))("$name says what each option is for", ({ entry }) => {
  for (const row of optionTable(entry)) {
    expect(row.says, row.name).not.toBe("");
    // Its default, the option whose value it takes, or what it is for each variant.
    const otherwise = /(?:where it is another than \w+|; unless given \d.* for \w+)$/;
    expect(row.default ?? otherwise.exec(row.says)?.[0], row.name).toBeDefined();
  }
});
