import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

import { cardMetrics } from "./card-metrics.js";

function file(content: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), "learning-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "metrics.json");
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  expect(readFileSync(path).length).toBeGreaterThan(0);
  return path;
}

const measured = {
  dataset: "phantoms",
  split: "test",
  region: "whole",
  seenInTraining: [],
  cases: [{ case: "a", segmentation: {} }, { case: "b" }],
  segmentation: {
    vdsc: { mean: 0.7, cases: 2, standardDeviation: 0.1, interval95: { low: 0.5, high: 0.9 }, undefinedCases: [] },
    asdMm: { mean: { undefined: "no case has a value" }, cases: 0, interval95: { undefined: "no case has a value" } },
    truthMl: { mean: 3, cases: 2 },
  },
  classification: { cases: 2, accuracy: 0.5, accuracyInterval95: { low: 0.01, high: 0.99 }, f1: 0.4 },
};

test("a card takes the headline figures with their cases and intervals, and on what they were measured", async () => {
  expect(await cardMetrics(file(measured), ["c"])).toEqual({
    on: "2 test cases of phantoms (whole), none of them seen in training: a, b",
    vdsc: { mean: 0.7, cases: 2, interval95: { low: 0.5, high: 0.9 } },
    asdMm: { mean: { undefined: "no case has a value" }, cases: 0 },
    accuracy: { mean: 0.5, cases: 2, interval95: { low: 0.01, high: 0.99 } },
    f1: { mean: 0.4, cases: 2 },
  });
});

test("what was not measured is not in the card, and without a file there are no figures", async () => {
  const outlineOnly = { ...measured, classification: { undefined: "no diagnosis from this model" } };
  expect(Object.keys((await cardMetrics(file(outlineOnly), [])) ?? {})).toEqual(["on", "vdsc", "asdMm"]);
  expect(await cardMetrics("/nowhere/metrics.json", [])).toBeUndefined();
});

test("a file that holds no metrics is refused by name and key", async () => {
  const broken = file("{");
  await expect(cardMetrics(broken, [])).rejects.toThrow(`cannot read the metrics ${broken}: `);
  const other = file({ ...measured, split: 3 });
  await expect(cardMetrics(other, [])).rejects.toThrow(
    `cannot read the metrics ${other}: key split: expected string, came 3`,
  );
});

test("figures of weights that had not seen the cases, on the card of weights that have, are told as such", async () => {
  const on = async (trainedOn: readonly string[], seenInTraining: readonly string[]): Promise<unknown> =>
    (await cardMetrics(file({ ...measured, seenInTraining }), trainedOn))?.["on"];
  expect(await on(["a", "b", "c"], [])).toBe(
    "2 test cases of phantoms (whole), by other weights, which had seen none of them in training; these weights have seen them: a, b",
  );
  const withPass = await cardMetrics(file({ ...measured, passes: 2 }), ["c"]);
  expect(withPass?.["on"]).toBe(
    "2 test cases of phantoms (whole, 2 extra passes), none of them seen in training: a, b",
  );
  expect(await on(["a", "b"], ["a", "b"])).toBe("2 test cases of phantoms (whole), 2 of them seen in training: a, b");
});
