import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";

import { digestOf, readModelCard, runFolder, type ModelCard } from "@multirnet/artifacts";
import { messageOf } from "@multirnet/base";
import { loadPart, loadWeights, undrawnNetwork, type Network } from "@multirnet/networks";

import type { TrainConfig } from "../config/train-config.js";
import { LearningError } from "../errors.js";

/** The weights that a training begins with in place of random ones. */
export interface InitialWeights {
  readonly digest: string; // SHA-256 of the file
  /** What they were trained on, where a model card lies beside the file. */
  readonly data: Pick<ModelCard["data"], "name" | "cases"> | undefined;
  /** Fills a fresh network, or the part of it that the config names. */
  readonly fill: (network: Network) => void;
}

/**
 * Reads the weights that a config begins with, and sees that they are its network's.
 *
 * @returns undefined where a training begins with random weights
 * @throws LearningError INITIAL_WEIGHTS
 */
export async function readInitialWeights({
  initialWeights,
  network: spec,
}: Pick<TrainConfig, "initialWeights" | "network">): Promise<InitialWeights | undefined> {
  if (initialWeights === undefined) return undefined;
  const { file: path, part, from } = initialWeights;
  try {
    const file = await readFile(path);
    const fill = (network: Network): void => {
      if (part === undefined) loadWeights(network, file, path);
      else loadPart(network, file, path, { part, from });
    };
    const trial = undrawnNetwork(spec);
    try {
      fill(trial);
    } finally {
      trial.release();
    }
    return { digest: digestOf(file), data: await dataOf(path), fill };
  } catch (error) {
    throw new LearningError({ code: "INITIAL_WEIGHTS", path, because: messageOf(error) }, { cause: error });
  }
}

/** By the card of the bundle or run in which the weights lie. */
async function dataOf(path: string): Promise<InitialWeights["data"]> {
  const folder = dirname(path);
  const owner = basename(folder) === basename(runFolder("").checkpoints) ? dirname(folder) : folder;
  const { card } = runFolder(owner);
  return existsSync(card) ? (await readModelCard(card)).data : undefined;
}
