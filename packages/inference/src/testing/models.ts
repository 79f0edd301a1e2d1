import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { onTestFinished } from "vitest";

import type { ModelCard } from "@multirnet/artifacts";
import { createNetwork, resolveNetwork, type Network } from "@multirnet/networks";

/** A folder for one test, gone after it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "inference-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

export const tinyVnet = resolveNetwork({ name: "vnet", preset: "tiny" });

/** A network of random weights, freed after the test. */
export function networkOf(spec: typeof tinyVnet, seed = 7): Network {
  const network = createNetwork(spec, seed);
  onTestFinished(() => {
    network.release();
  });
  return network;
}

/** A card that is right for the tiny V-Net; spacings and region unequal on purpose. */
export const card: ModelCard = {
  format: 1,
  network: { name: tinyVnet.name, options: tinyVnet.options as ModelCard["network"]["options"] },
  task: "segmentation",
  classes: [],
  labels: ["lesion"],
  preprocessing: {
    spacingMm: { x: 1.5, y: 1.25, z: 2 },
    windowHu: { low: -1000, high: 400 },
    region: { x: 48, y: 32, z: 16 },
  },
  passes: 0,
  inference: { overlap: 0.5, threshold: 0.5, minimumLesionMm3: 10 },
  data: {
    name: "phantoms",
    cases: ["p000"],
    masks: 1,
    diagnoses: 0,
    synthetic: true,
    estimated: [],
    licence: "Apache-2.0",
    notes: "",
  },
  metrics: {},
  licence: "Apache-2.0",
  notice: "Research software, not a medical device.",
  versions: { multirnet: "0.1.0" },
};
