import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { createRun, digestOf, writeBundle, type ModelCard } from "@multirnet/artifacts";
import { aboutEngine } from "@multirnet/engine";
import { encodeWeights, resolveNetwork, type Network } from "@multirnet/networks";

import { loadModel, passesOf } from "./model.js";
import { card, networkOf, temporaryFolder, tinyVnet } from "./testing/models.js";

const PARTS = { readme: "# A network\n", config: {} };

function expectSameWeights(network: Network, expected: Network): void {
  const numbers = (one: Network): unknown[] => Array.from(one.state(), ([path, tensor]) => [path, tensor.toArray()]);
  expect(numbers(network)).toEqual(numbers(expected));
}

async function bundleOf(weights: Uint8Array, changes: Partial<ModelCard> = {}): Promise<string> {
  const folder = temporaryFolder();
  await writeBundle(folder, { card: { ...card, ...changes }, weights, ...PARTS });
  return folder;
}

test("a bundle gives its card and a network with its weights, bit for bit", async () => {
  const network = networkOf(tinyVnet);
  const weights = encodeWeights(network);
  const path = await bundleOf(weights);
  const model = await loadModel(path);
  expect(model).toMatchObject({ card, path, digest: digestOf(weights) });
  expectSameWeights(model.network, network);
  model.network.release();
});

test("a run gives its best weights, or the last where they are asked for", async () => {
  const run = await createRun(join(temporaryFolder(), "run"));
  const [best, last] = [networkOf(tinyVnet, 1), networkOf(tinyVnet, 2)];
  writeFileSync(run.card, JSON.stringify(card));
  writeFileSync(run.best, encodeWeights(best));
  writeFileSync(run.last, encodeWeights(last));
  for (const [expected, options] of [
    [best, {}],
    [last, { checkpoint: "last" }],
  ] as const) {
    const { network } = await loadModel(run.path, options);
    expectSameWeights(network, expected);
    network.release();
  }
});

test("weights of another network are refused in its words, and leave no tensor behind", async () => {
  const path = await bundleOf(encodeWeights(networkOf(resolveNetwork({ name: "multirnet", preset: "tiny" }))));
  const { liveTensors } = aboutEngine();
  await expect(loadModel(path)).rejects.toMatchObject({
    code: "ENGINE_STATE_MISMATCH",
    message: expect.stringMatching(
      /^these weights are not this network's: \d+ missing \(body\.first\.convolution\.weight, .*, …\); \d+ not known here \(.*, …\)$/,
    ),
  });
  expect(aboutEngine().liveTensors).toBe(liveTensors);
});

test("weights of another width say which they are", async () => {
  const wider = resolveNetwork({ name: "vnet", preset: "tiny", lesions: ["ground-glass", "consolidation"] });
  const path = await bundleOf(encodeWeights(networkOf(wider)));
  await expect(loadModel(path)).rejects.toThrow(
    /^these weights are not this network's: \d+ of another shape \(body\.out\.convolution\.weight is 2×4×5×5×5 here and 3×4×5×5×5 there, /,
  );
});

test("missing weights say what was expected", async () => {
  const path = await bundleOf(new Uint8Array());
  rmSync(join(path, "model.safetensors"));
  await expect(loadModel(path)).rejects.toMatchObject({
    code: "MODEL_WITHOUT_WEIGHTS",
    message: `${path} has no weights: expected model.safetensors`,
  });
  mkdirSync(join(path, "checkpoints"));
  await expect(loadModel(path, { checkpoint: "best" })).rejects.toThrow(
    `${path} has no weights: expected checkpoints/best.safetensors`,
  );
});

test("damaged weights name their file", async () => {
  const path = await bundleOf(encodeWeights(networkOf(tinyVnet)).subarray(0, -1));
  await expect(loadModel(path)).rejects.toMatchObject({
    code: "ENGINE_SAFETENSORS",
    message: expect.stringMatching(
      `^${path}: model\\.safetensors is not a safetensors file that can be read: .*: it was cut short$`,
    ),
  });
});

test.each<{ says: string; network: ModelCard["network"] }>([
  {
    says: "there is no network vnett; did you mean vnet? (known: ",
    network: { ...card.network, name: "vnett" },
  },
  {
    says: "network vnet: width: unknown option; did you mean widths?",
    network: { ...card.network, options: { ...card.network.options, width: 3 } },
  },
  {
    says: "network vnet: dropout: ",
    network: { ...card.network, options: { ...card.network.options, dropout: "much" } },
  },
])("a card written by hand with a wrong network: $says", async ({ says, network }) => {
  const path = await bundleOf(encodeWeights(networkOf(tinyVnet)), { network });
  const loading = loadModel(path);
  await expect(loading).rejects.toMatchObject({ name: "NetworkError" });
  await expect(loading).rejects.toThrow(says);
});

test("a card may rename lesion types and classes, but not name more or fewer than the network has", async () => {
  const joint = resolveNetwork({ name: "multirnet", preset: "tiny" });
  const weights = encodeWeights(networkOf(joint));
  const of: Partial<ModelCard> = {
    task: "joint",
    network: { name: joint.name, options: joint.options as ModelCard["network"]["options"] },
    classes: ["COVID-19", "other pneumonia", "none"],
    labels: ["pneumonia"],
  };
  const renamed = await loadModel(await bundleOf(weights, of));
  expect(renamed.card.labels).toEqual(["pneumonia"]);
  renamed.network.release();

  const fewer = await bundleOf(weights, { ...of, classes: ["covid-19", "normal"] });
  await expect(loadModel(fewer)).rejects.toMatchObject({
    code: "INFERENCE_CARD_UNLIKE",
    message: `the card of ${fewer} is not its network's: it names covid-19, normal as classes, the network has covid-19, cap, normal`,
  });
  const more = await bundleOf(weights, { ...of, labels: ["ground-glass", "consolidation"] });
  await expect(loadModel(more)).rejects.toThrow(
    `the card of ${more} is not its network's: it names ground-glass, consolidation as lesion types, the network has lesion`,
  );
  const silent = await bundleOf(weights, { ...of, task: "segmentation", classes: [] });
  await expect(loadModel(silent)).rejects.toThrow("it names none as classes, the network has covid-19, cap, normal");
});

test("a model sees its own map as often as asked, else as its card says, and not where its network does not", () => {
  const multirnet: ModelCard = { ...card, passes: 1, network: { name: "multirnet", options: { preset: "tiny" } } };
  expect([passesOf(multirnet, undefined), passesOf(multirnet, 2), passesOf(multirnet, 0)]).toEqual([1, 2, 0]);
  const vnet: ModelCard = { ...card, network: { name: "vnet", options: { preset: "tiny" } } };
  expect([passesOf(vnet, undefined), passesOf(vnet, 0)]).toEqual([0, 0]);
  expect(() => passesOf(vnet, 1)).toThrow("vnet does not look at its own map again, but 1 extra passes were asked for");
});
