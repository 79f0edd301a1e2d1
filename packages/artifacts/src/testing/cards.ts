import type { ModelCard } from "../model-card.js";

/** A card that is right in every key; spacings and region unequal on purpose. */
export const card: ModelCard = {
  format: 1,
  network: { name: "multir-net", options: { preset: "small", widths: [8, 16] } },
  task: "joint",
  classes: ["covid-19", "cap", "normal"],
  labels: ["lesion"],
  preprocessing: {
    spacingMm: { x: 1.5, y: 1.25, z: 2 },
    windowHu: { low: -1000, high: 400 },
    region: { x: 96, y: 80, z: 32 },
  },
  passes: 1,
  inference: { overlap: 0.5, threshold: 0.5, minimumLesionMm3: 10 },
  data: {
    name: "phantoms",
    cases: ["p000", "p001"],
    masks: 2,
    diagnoses: 2,
    synthetic: true,
    estimated: [],
    licence: "Apache-2.0",
    notes: "",
  },
  metrics: { vdsc: 0.71, sdsc: { undefined: "not measured" } },
  licence: "Apache-2.0",
  notice: "Research software, not a medical device.",
  versions: { multirnet: "0.1.0" },
};
