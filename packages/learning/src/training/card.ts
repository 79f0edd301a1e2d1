import type { ModelCard } from "@multirnet/artifacts";
import { NOTICE, VERSION } from "@multirnet/base";
import { aboutEngine } from "@multirnet/engine";
import { CT_WINDOW_HU } from "@multirnet/imaging";
import { headsOf, taskOf } from "@multirnet/networks";

import type { TrainConfig } from "../config/train-config.js";
import type { TrainingCases } from "./cases.js";
import type { InitialWeights } from "./initial-weights.js";

/** The card of the weights that a training makes. */
export function cardOf(
  config: TrainConfig,
  { dataset, train, validation }: TrainingCases,
  initial: InitialWeights | undefined,
): ModelCard {
  const { network, preprocessing, inference, data, licence } = config;
  const { classes, lesions } = headsOf(network);
  const task = taskOf(network);
  const seen = [...train, ...validation];
  // What the weights had seen before counts as seen, so that no measure takes it for new.
  const before = initial?.data?.name === dataset.name ? initial.data.cases : [];
  return {
    format: 1,
    network: { name: network.name, options: network.options as ModelCard["network"]["options"] },
    task,
    classes: task === "segmentation" ? [] : [...classes],
    labels: task === "diagnosis" ? [] : [...lesions],
    preprocessing: { ...preprocessing, windowHu: CT_WINDOW_HU },
    passes: typeof network.options["passes"] === "number" ? network.options["passes"] : 0,
    inference,
    data: {
      name: dataset.name,
      cases: [...new Set([...seen.map(({ name }) => name), ...before])].sort(),
      masks: seen.filter(({ mask }) => mask !== "unknown").length,
      diagnoses: seen.filter(({ diagnosis }) => diagnosis !== undefined).length,
      synthetic: data.synthetic,
      estimated: [...new Set(seen.flatMap(({ estimated }) => estimated))].sort(),
      licence: data.licence,
      notes: notesOf(config, initial),
    },
    metrics: {},
    licence,
    notice: NOTICE,
    versions: { multirnet: VERSION, libtorch: aboutEngine().version },
  };
}

/** What the config says of the data, and that weights which others trained on other data went in. */
function notesOf({ data, initialWeights }: TrainConfig, initial: InitialWeights | undefined): string {
  if (initial === undefined || initialWeights === undefined) return data.notes;
  const { part } = initialWeights;
  const began = `The network began with ${part ?? "all"} of weights trained elsewhere (SHA-256 ${initial.digest}).`;
  return [data.notes, began].filter((words) => words !== "").join(" ");
}
