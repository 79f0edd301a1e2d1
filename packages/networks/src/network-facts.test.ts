import { aboutEngine } from "@multirnet/engine";
import { expect, test } from "vitest";

import { networkFacts } from "./network-facts.js";
import { NETWORKS, resolveNetwork } from "./registry.js";

const facts = (given: { readonly name: string } & Record<string, unknown>): ReturnType<typeof networkFacts> =>
  networkFacts(resolveNetwork({ preset: "tiny", ...given }));

test.each([
  { task: "joint", classes: ["covid-19", "cap", "normal"], lesions: ["lesion"], passes: 3 },
  { task: "segmentation", classes: [], lesions: ["lesion"], passes: 3 },
  { task: "diagnosis", classes: ["covid-19", "cap", "normal"], lesions: [], passes: 1 },
])("multirnet with two extra passes for $task has only the heads of it", ({ task, ...expected }) => {
  expect(facts({ name: "multirnet", task, passes: 2 })).toMatchObject({ task, input: [1, 32, 96, 96], ...expected });
});

test.each([
  { name: "medt", side: 256 },
  { name: "transunet", side: 64 },
])("$name's input is of its option `side`", ({ name, side }) => {
  expect(facts({ name, side }).input).toEqual([3, side, side]);
});

test("nothing is left behind", () => {
  const before = aboutEngine().liveTensors;
  expect(facts({ name: "densenet121-2d" })).toMatchObject({ task: "diagnosis", input: [3, 224, 224], passes: 1 });
  expect(aboutEngine().liveTensors).toBe(before);
});

test("with the default options they are what the registry says", () => {
  for (const { name, tasks, input } of NETWORKS) {
    const found = networkFacts(resolveNetwork({ name }));
    expect([name, found.task, found.input]).toEqual([name, tasks[0], input]);
  }
});
