import { readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";

import { runFolder } from "@multirnet/artifacts";
import { expect, test } from "vitest";

import type { PreparedCase } from "../dataset/index.js";
import { casesOf, requireJudging } from "./cases.js";
import { readRunFacts } from "./run-facts.js";
import { madeConfig, madeTrainingSet, newRunPath } from "./testing/made-training.js";
import { train } from "./train.js";

const names = (cases: readonly { readonly name: string }[]): string[] => cases.map(({ name }) => name).sort();

test("each network trains on the cases that have something for it", async () => {
  const dataset = await madeTrainingSet();
  const trainingOf = async (task: string): Promise<string[]> => {
    const config = madeConfig(dataset, { network: { name: "multirnet", preset: "tiny", task } });
    return names((await casesOf(config, undefined)).train);
  };
  const all = ["both-1", "both-2", "both-3", "both-4", "diagnosed", "masked", "normal"];
  expect(await trainingOf("joint")).toEqual(all);
  expect(await trainingOf("segmentation")).toEqual(all.filter((name) => name !== "diagnosed"));
  expect(await trainingOf("diagnosis")).toEqual(all.filter((name) => name !== "masked"));
});

test("a diagnosis that the network has no class for does not count", async () => {
  const classes = ["cap", "normal"];
  const network = { name: "multirnet", preset: "tiny", task: "diagnosis", classes };
  const { train: training } = await casesOf(madeConfig(await madeTrainingSet(), { network }), undefined);
  expect(names(training)).toEqual(["both-2", "diagnosed", "normal"]);
});

test("a network that diagnoses is refused cases of one diagnosis, or of none; one that outlines is not", async () => {
  const dataset = await madeTrainingSet();
  const of = async (task: string, classes: string[]): Promise<unknown> =>
    casesOf(madeConfig(dataset, { network: { name: "multirnet", preset: "tiny", task, classes } }), undefined);
  const told = (classes: string, what: string, count: number): string =>
    `nothing to train on in ${dataset}: its ${String(count)} training cases tell ${what}; ` +
    `expected two or more (${classes}), or a network that only outlines (network.task: segmentation)`;
  await expect(of("diagnosis", ["normal", "flu"])).rejects.toThrow(
    told("normal, flu", "one diagnosis only, normal", 1),
  );
  await expect(of("joint", ["flu", "cold"])).rejects.toThrow(told("flu, cold", "no diagnosis", 6));
  await expect(of("segmentation", ["flu", "cold"])).resolves.toBeDefined();
});

test("no case is in two of training, validation and test, and none of the fold's is in the first two", async () => {
  const config = madeConfig(await madeTrainingSet(), { validation: { share: 0.3 } });
  for (const fold of [0, 1, 2]) {
    const { train: training, validation, test: heldBack } = await casesOf(config, fold);
    expect(new Set(names([...training, ...validation, ...heldBack])).size).toBe(7);
    expect(heldBack.every((entry) => entry.fold === fold)).toBe(true);
    expect([...training, ...validation].some((entry) => entry.fold === fold)).toBe(false);
    expect(validation.length).toBeGreaterThan(0);
  }
});

test("held-back cases are never prepared: training does not look at them", async () => {
  const dataset = await madeTrainingSet();
  const path = await newRunPath();
  await train(madeConfig(dataset, { epochs: 1, validation: { share: 0.3 } }), path, { fold: 0 });
  const { cases } = await readRunFacts(runFolder(path).run);
  expect(cases.test).toEqual(["both-1", "masked"]);
  const prepared = readdirSync(join(dataset, ".prepared")).map((file) => file.replace(/-[0-9a-f]{16}\.prepared$/, ""));
  expect(prepared.sort()).toEqual([...cases.train, ...cases.validation].sort());
});

test("what a preparation had made before is not needed: the cache may be deleted", async () => {
  const dataset = await madeTrainingSet();
  const once = async (): Promise<readonly number[]> => {
    const losses: number[] = [];
    await train(madeConfig(dataset, { epochs: 1 }), await newRunPath(), {
      onEvent: (event) => event.kind === "step" && losses.push(event.loss),
    });
    return losses;
  };
  const first = await once();
  await rm(join(dataset, ".prepared"), { recursive: true });
  expect(await once()).toEqual(first);
});

test("validation cases that could judge nothing are refused, and those that can are not", async () => {
  const dataset = await madeTrainingSet();
  const judging = (task: string, ...cases: readonly { readonly lesions: number; readonly diagnosis?: string }[]) => {
    const prepared = cases.map(({ lesions, diagnosis }) => {
      return { components: Array.from({ length: lesions }, () => ({})), entry: { diagnosis } };
    });
    const config = madeConfig(dataset, { network: { name: "multirnet", preset: "tiny", task } });
    return () => {
      requireJudging(prepared as unknown as readonly PreparedCase[], config);
    };
  };
  const normal = { lesions: 0, diagnosis: "normal" };
  expect(judging("segmentation", normal, { lesions: 0 })).toThrow(
    `nothing to train on in ${dataset}: none of its 2 validation cases has a lesion or a diagnosis that the network could be judged by; ` +
      "expected a larger validation.share, or 0",
  );
  expect(judging("diagnosis", { lesions: 3 })).toThrow("none of its 1 validation cases");
  for (const fine of [
    judging("segmentation", normal, { lesions: 1 }),
    judging("joint", normal),
    judging("diagnosis", normal),
    judging("segmentation"),
  ])
    expect(fine).not.toThrow();
});
