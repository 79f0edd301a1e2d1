import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { parseModelCard, readModelCard, writeModelCard, type ModelCard } from "./model-card.js";
import { card } from "./testing/cards.js";
import { filesBelow, temporaryFolder, thrownBy } from "./testing/folders.js";

test("a card written and read again is the same", async () => {
  const path = join(temporaryFolder(), "model.json");
  await writeModelCard(path, card);
  expect(await readModelCard(path)).toEqual(card);
  expect(readFileSync(path, "utf8").endsWith("}\n")).toBe(true);
});

const without = (key: string): object => Object.fromEntries(Object.entries(card).filter(([name]) => name !== key));

test.each([
  { document: { ...card, pases: 1 }, says: "model.json: unknown key pases; did you mean passes?" },
  {
    document: { ...card, inference: { ...card.inference, treshold: 0.5 } },
    says: "model.json: unknown key inference.treshold; did you mean inference.threshold?",
  },
  { document: without("network"), says: "model.json: key network is missing; expected object" },
  { document: { ...card, format: 2 }, says: "model.json: key format: expected 1, came 2" },
  {
    document: { ...card, preprocessing: { ...card.preprocessing, windowHu: { low: 400, high: 400 } } },
    says: 'model.json: key preprocessing.windowHu: expected low below high, came {"low":400,"high":400}',
  },
  {
    document: { ...card, task: "segmentation" },
    says: 'model.json: key classes: expected names for diagnosis and joint, none for segmentation, came ["covid-19","cap","normal"]',
  },
  {
    document: { ...card, labels: [] },
    says: "model.json: key labels: expected names for segmentation and joint, none for diagnosis, came []",
  },
  { document: [], says: "model.json: the document: expected object, came []" },
])("$says", ({ document, says }) => {
  expect(() => parseModelCard(JSON.stringify(document), "model.json")).toThrow(
    expect.objectContaining({ message: says }),
  );
});

test("a card that is not JSON says so with the parser's words", () => {
  expect(() => parseModelCard("", "model.json")).toThrow(
    expect.objectContaining({ message: "model.json is not JSON: Unexpected end of JSON input", code: "CARD_NOT_JSON" }),
  );
});

test("a wrong card is not written", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "model.json");
  const wrong: ModelCard = { ...card, passes: -1 };
  expect((await thrownBy(writeModelCard(path, wrong))).message).toBe(
    `${path}: key passes: expected number to be >=0, came -1`,
  );
  expect(filesBelow(folder)).toEqual([]);
});

test("a card that cannot be read names the file", async () => {
  expect((await thrownBy(readModelCard("/nowhere/model.json"))).message).toBe(
    "cannot read /nowhere/model.json: ENOENT: no such file or directory, open '/nowhere/model.json'",
  );
});
