import { join } from "node:path";

import { workingSpacing } from "@multirnet/inference";
import { headsOf } from "@multirnet/networks";
import { regionPicture, type Picture } from "@multirnet/report";

import type { TrainConfig } from "../config/train-config.js";
import { lesionChannels, openDataset } from "../dataset/index.js";
import { prepareCase } from "../dataset/prepare-case.js";
import { LearningError } from "../errors.js";
import { drawSample, type Sample } from "./sample.js";
import { sliceOfMostLesion } from "./slice-of-most-lesion.js";

/** What a training would see of a case in a round, as a picture, and all that was drawn for it. */
export interface ShownDraw {
  readonly picture: Picture; // the slice with most lesion, its outline in green
  readonly slice: number;
  readonly place: Sample["place"];
  readonly augmentation: Sample["augmentation"];
}

/**
 * Repeats a draw of a training, which depends on the seed, the round and the case alone.
 *
 * @param round counts from 0 over the whole run: epoch · regionsPerCase, and on
 * @throws LearningError CASE_UNKNOWN; DatasetError
 */
export async function showDraw(config: TrainConfig, name: string, round: number): Promise<ShownDraw> {
  const dataset = await openDataset(config.dataset);
  const entry = dataset.cases.find((one) => one.name === name);
  if (entry === undefined) {
    const known = dataset.cases.map((one) => one.name);
    throw new LearningError({ code: "CASE_UNKNOWN", case: name, dataset: config.dataset, known });
  }
  const { preprocessing, sampling, augmentation, seed } = config;
  const channels = lesionChannels(headsOf(config.network).lesions, dataset.labels);
  const settings = { spacing: workingSpacing(preprocessing), channels };
  const prepared = await prepareCase(entry, dataset.labels, settings, join(dataset.dir, ".prepared"));
  const { aim, backgroundShare, insideBody } = sampling;
  const sample = drawSample(
    prepared,
    { region: preprocessing.region, aim, backgroundShare, insideBody, augmentation },
    { seed, epoch: round },
  );
  const slice = sliceOfMostLesion(sample);
  return { picture: regionPicture(slice), slice: slice.z, place: sample.place, augmentation: sample.augmentation };
}
