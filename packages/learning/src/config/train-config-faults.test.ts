import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { messageOf } from "@multirnet/base";
import { resolveNetwork } from "@multirnet/networks";
import { expect, test } from "vitest";
import { stringify } from "yaml";

import { madeFolder } from "../dataset/testing/made-dataset.js";
import { LearningError } from "../errors.js";
import { parseTrainConfig, readTrainConfig } from "./train-config.js";

function refusalOf(text: string): string {
  try {
    parseTrainConfig(text, "a.yaml");
  } catch (error) {
    expect(error).toBeInstanceOf(LearningError);
    expect(error).toMatchObject({ code: "CONFIG_INVALID", blame: "input" });
    return messageOf(error);
  }
  throw new Error("it was taken");
}

const least = { name: "a", dataset: "data", network: { name: "multirnet", preset: "tiny" } };

test.each([
  { given: { sed: 1 }, words: "unknown key sed; did you mean seed?" },
  { given: { loss: { apha: 1 } }, words: "unknown key loss.apha; did you mean loss.alpha?" },
  {
    given: { folds: { zzzzzzzz: 1 } },
    words: "unknown key folds.zzzzzzzz; known here: count, seed, testShare",
  },
  { given: { name: undefined }, words: "key name is missing; expected string" },
  { given: { network: undefined }, words: "key network is missing; expected object" },
  { given: { network: {} }, words: "key network.name is missing; expected string" },
  { given: { name: "a/b" }, words: 'key name: expected only letters, digits, dots, dashes, underscores, came "a/b"' },
  { given: { dataset: "" }, words: 'key dataset: expected string to have >=1 characters, came ""' },
  { given: { batchSize: "4" }, words: 'key batchSize: expected number, came "4"' },
  { given: { batchSize: 0 }, words: "key batchSize: expected number to be >=1, came 0" },
  { given: { epochs: 1.5 }, words: "key epochs: expected int, came 1.5" },
  { given: { seed: -1 }, words: "key seed: expected number to be >=0, came -1" },
  {
    given: { sampling: { backgroundShare: 1.1 } },
    words: "key sampling.backgroundShare: expected number to be <=1, came 1.1",
  },
  { given: { validation: { share: 1 } }, words: "key validation.share: expected number to be <1, came 1" },
  {
    given: { loss: { segmentation: "jaccard" } },
    words:
      'key loss.segmentation: expected one of "dice"|"squaredDice"|"noiseRobustDice"|"tversky"|"focalTversky"|"structure"|"crossEntropy", came "jaccard"',
  },
  { given: { loss: { exponent: 0 } }, words: "key loss.exponent: expected number to be >0, came 0" },
  { given: { optimiser: { learningRate: 0 } }, words: "key optimiser.learningRate: expected number to be >0, came 0" },
  { given: { optimiser: { betas: [0.9, 1] } }, words: "key optimiser.betas.1: expected number to be <1, came 1" },
  {
    given: { initialWeights: { file: "w", from: "features" } },
    words: "key initialWeights.from: expected initialWeights.part beside it, which says where the weights go",
  },
  {
    given: { optimiser: { momentum: 0.9 } },
    words: "unknown key optimiser.momentum, which goes with method sgd",
  },
  {
    given: { optimiser: { method: "sgd", betas: [0.9, 0.99] } },
    words: "unknown key optimiser.betas, which goes with method adam",
  },
  {
    given: { optimiser: { method: "adamw" } },
    words: 'key optimiser.method: expected one of "adam"|"sgd", came "adamw"; AdamW is adam with weightDecay above 0',
  },
  { given: { loss: { lambda: 2 } }, words: "key loss.lambda: expected number to be <=1, came 2" },
  {
    given: { sampling: { balance: ["age"] } },
    words: 'key sampling.balance.0: expected one of "diagnosis"|"source"|"severity", came "age"',
  },
  { given: { recipe: "paper" }, words: 'key recipe: expected "published", came "paper"' },
  { given: { sed: null }, words: "unknown key sed; did you mean seed?" },
  { given: { name: null }, words: "key name is missing; expected string" },
  {
    given: { preprocessing: { region: { x: null, y: 96, z: 32 } } },
    words: "key preprocessing.region.x is missing; expected number",
  },
  {
    given: { loss: { lambda: { from: 0, to: 1, epoch: 3 } } },
    words: "unknown key loss.lambda.epoch; did you mean loss.lambda.epochs?",
  },
  {
    given: { preprocessing: { spacingMm: { x: 1, y: 1 } } },
    words: 'key preprocessing.spacingMm.z is missing; expected number or "fit"',
  },
  {
    given: { preprocessing: { spacingMm: { x: "fits", y: 1, z: 1 } } },
    words: 'key preprocessing.spacingMm.x: expected number or "fit", came "fits"',
  },
  {
    given: { preprocessing: { spacingMm: { x: 1, y: -1, z: 1 } } },
    words: "key preprocessing.spacingMm.y: expected number to be >0, came -1",
  },
])("$given", ({ given, words }) => {
  expect(refusalOf(stringify({ ...least, ...given }, { keepUndefined: false }))).toBe(`a.yaml: ${words}`);
});

test.each([
  {
    what: "a region that the network cannot halve four times",
    given: { preprocessing: { region: { x: 96, y: 40, z: 32 } } },
    words: "key preprocessing.region.y: expected a multiple of 16 for multirnet, but 40 came",
  },
  {
    what: "a region that a variant of the network cannot halve as often",
    given: { network: { name: "unet3d", variant: "monai" }, preprocessing: { region: { x: 96, y: 96, z: 24 } } },
    words: "key preprocessing.region.z: expected a multiple of 16 for unet3d, but 24 came",
  },
  {
    what: "weights for outlines that a network does not have",
    given: { network: { name: "vnet" }, loss: { deepSupervision: [0.5] } },
    words: "key loss.deepSupervision: expected no weight, as vnet has no coarser outlines, but 1 came",
  },
  {
    what: "more weights than a network has outlines",
    given: { loss: { deepSupervision: [1, 0.5, 0.25, 0.125, 0.1] } },
    words: "key loss.deepSupervision: expected at most 4 weights, but 5 came",
  },
  {
    what: "a Tversky loss that weighs nothing",
    given: { loss: { alpha: 0, beta: 0 } },
    words: "keys loss.alpha and loss.beta: at least one above 0, but both are 0",
  },
  {
    what: "a patience that ends before the next validation",
    given: { validation: { share: 0.2, everyEpochs: 5, patience: 4 } },
    words:
      "key validation.patience: expected at least validation.everyEpochs, 5, but 4 came: " +
      "the run would stop before it was judged again",
  },
  {
    what: "stretches of a network of slices",
    given: { network: { name: "infnet", preset: "tiny" }, activationStretches: 2 },
    words: "key activationStretches: expected 1 for infnet, which looks at slices, but 2 came",
  },
  {
    what: "stretches in mixed precision",
    given: { activationStretches: 2, precision: "mixed" },
    words: "key precision: expected float32 beside activationStretches 2, but mixed came",
  },
  {
    what: "a plateau with another schedule",
    given: { optimiser: { schedule: "poly", plateau: { factor: 0.1 } } },
    words: "key optimiser.plateau: expected optimiser.schedule plateau beside it, but poly came",
  },
  {
    what: "a plateau without validation",
    given: { optimiser: { schedule: "plateau" } },
    words:
      "key optimiser.schedule: expected validation.share above 0 for a plateau, as validation is what stands still",
  },
  {
    what: "a plateau that does not wait for a validation",
    given: { optimiser: { schedule: "plateau" }, validation: { share: 0.2, everyEpochs: 25 } },
    words:
      "key optimiser.plateau.patience: expected at least validation.everyEpochs, 25, but 20 came: the rate would fall before it was judged",
  },
  {
    what: "a weight of a class that the network does not tell",
    given: { loss: { classWeights: { covid: 2 } } },
    words: "key loss.classWeights: expected classes of the network (covid-19, cap, normal), but covid came",
  },
  {
    what: "a weight of a class where there are none",
    given: { network: { name: "vnet" }, loss: { classWeights: { cap: 2 } } },
    words:
      "key loss.classWeights: expected classes of the network (none, as the network has no diagnosis), but cap came",
  },
  {
    what: "balanced classes where there are none",
    given: { network: { name: "multirnet", preset: "tiny", task: "segmentation" }, loss: { classWeights: "balanced" } },
    words: "key loss.classWeights: expected none, as the network has no diagnosis, but balanced came",
  },
  {
    what: "a weight of edges that the network does not outline",
    given: { loss: { edge: 1 } },
    words: "key loss.edge: expected 0, as multirnet has no edge head, but 1 came",
  },
  {
    what: "options that are no table",
    given: { network: { name: "multirnet", options: 5 } },
    words: "key network.options: expected record, came 5",
  },
])("$what is refused", ({ given, words }) => {
  expect(refusalOf(stringify({ ...least, ...given }))).toBe(`a.yaml: ${words}`);
});

test.each([
  { what: "an unknown network", network: { name: "multirnt" } },
  { what: "an unknown preset", network: { name: "multirnet", preset: "huge" } },
  { what: "an unknown option", network: { name: "multirnet", pases: 1 } },
  { what: "an option out of range", network: { name: "multirnet", passes: 3 } },
])("$what is refused in the words of the networks, under its key", ({ network }) => {
  let words = "";
  try {
    resolveNetwork(network);
  } catch (error) {
    words = messageOf(error);
  }
  expect(words).not.toBe("");
  expect(refusalOf(stringify({ ...least, network }))).toBe(`a.yaml: key network: ${words}`);
});

test("a key without a value is as one that is left out", () => {
  const text = `${stringify(least)}augmentation:\ninitialWeights: null\nloss: { lambda: null, alpha: 0.6 }\noptimiser: { method: sgd, betas: null }\n`;
  const bare = { ...least, loss: { alpha: 0.6 }, optimiser: { method: "sgd" } };
  expect(parseTrainConfig(text, "a.yaml")).toEqual(parseTrainConfig(stringify(bare), "a.yaml"));
  expect(parseTrainConfig(stringify({ ...least, network: { ...least.network, widths: null } }), "a.yaml")).toEqual(
    parseTrainConfig(stringify(least), "a.yaml"),
  );
});

test("patience does not matter where nothing is set apart to validate on", () => {
  expect(() =>
    parseTrainConfig(stringify({ ...least, validation: { everyEpochs: 5, patience: 4 } }), "a.yaml"),
  ).not.toThrow();
});

test("numbers that are none are refused", () => {
  const text = `${stringify(least)}epochs: .inf\n`;
  expect(refusalOf(text)).toBe("a.yaml: key epochs: expected number, came Infinity");
  expect(refusalOf(`${stringify(least)}checkpointMinutes: .nan\n`)).toBe(
    "a.yaml: key checkpointMinutes: expected number, came NaN",
  );
});

test("an empty file, a lone word and what is not YAML say so", () => {
  expect(refusalOf("")).toBe("a.yaml: key name is missing; expected string");
  expect(refusalOf("train please")).toBe('a.yaml: the document: expected object, came "train please"');
  expect(refusalOf("name: [a, b\nseed: 1")).toMatch(/^a\.yaml: not YAML: .* at line 2, column /);
  expect(refusalOf("seed: 1\nseed: 2")).toBe("a.yaml: not YAML: Map keys must be unique at line 2, column 1");
});

test("a file that is not there, or is a folder, is named with the reason", async () => {
  const dir = await madeFolder();
  const missing = join(dir, "none.yaml");
  await expect(readTrainConfig(missing)).rejects.toThrow(`cannot read the config ${missing}: there is no such file`);
  await expect(readTrainConfig(dir)).rejects.toThrow(
    `cannot read the config ${dir}: EISDIR: illegal operation on a directory, read`,
  );
  const path = join(dir, "a.yaml");
  await writeFile(path, "seed: x");
  await expect(readTrainConfig(path)).rejects.toThrow(`${path}: key name is missing; expected string`);
});
