import { RandomSource } from "@multirnet/base";
import { asMask, probabilitiesOf, scope, tensor, withoutGradients } from "@multirnet/engine";
import { makePhantom, windowed, type Xyz } from "@multirnet/imaging";
import {
  createNetwork,
  diseaseOf,
  lesionOf,
  NETWORKS,
  overVolumes,
  regionTensor,
  resolveNetwork,
  sideMultiple,
  type Network,
  type NetworkEntry,
  type NetworkSpec,
} from "@multirnet/networks";
import { expect, test } from "vitest";

import { Adam } from "../optimisers/adam.js";
import { jointSettings } from "../testing/joint-settings.js";
import type { Batch } from "./batch.js";
import { trainingStep } from "./step.js";

const MOST_STEPS = 400;
const EVERY = 20; // steps between two looks
const NEEDED_DICE = 0.9;
const SLICES = 2;
const SLICE_SIDE = 128; // fine enough for a map that is an eighth as fine

/** Two phantoms, one of each disease, a whole chest in a few voxels; networks of slices see the two slices of each that have the most lesion. */
function twoPhantoms({ dims }: NetworkEntry, spec: NetworkSpec): Seen {
  const size = dims === 3 ? { x: 32, y: 32, z: sideMultiple(spec) } : { x: SLICE_SIDE, y: SLICE_SIDE, z: 8 };
  const phantoms = (["covid-19", "cap"] as const).map((diagnosis, index) => {
    const { scan, lesions } = makePhantom({ seed: 11, index, size, diagnosis });
    return { image: windowed(scan), mask: Float32Array.from(lesions.voxels, (label) => Number(label > 0)) };
  });
  if (dims === 3) return { size, ...together(phantoms) };
  const area = size.x * size.y;
  const slices = phantoms.map(({ image, mask }) => {
    const lesionIn = (z: number): number => mask.subarray(z * area, (z + 1) * area).reduce((sum, one) => sum + one, 0);
    const most = Array.from({ length: size.z }, (_, z) => z).sort((a, b) => lesionIn(b) - lesionIn(a));
    const kept = most.slice(0, SLICES).map((z) => ({
      image: image.subarray(z * area, (z + 1) * area),
      mask: mask.subarray(z * area, (z + 1) * area),
    }));
    return together(kept);
  });
  return { size: { ...size, z: SLICES }, ...together(slices) };
}

interface Seen {
  readonly size: Xyz;
  readonly image: Float32Array;
  readonly mask: Float32Array;
}

function together(parts: readonly Omit<Seen, "size">[]): Omit<Seen, "size"> {
  const joined = (of: "image" | "mask"): Float32Array =>
    Float32Array.from(parts.flatMap((part) => Array.from(part[of])));
  return { image: joined("image"), mask: joined("mask") };
}

/** V-DSC of both together, and whether both diagnoses are right, in evaluation mode. */
function measured(network: Network, { input, truth }: Batch): { readonly dice: number; readonly right: boolean } {
  return withoutGradients(() =>
    scope(() => {
      const found = network.forward(input, { mode: "eval", random: new RandomSource(0) });
      const lesion = lesionOf(found);
      const outline =
        lesion === undefined
          ? []
          : probabilitiesOf(lesion)
              .toNumbers()
              .map((p) => Number(p > 0.5));
      const mask = truth.mask?.toNumbers() ?? [];
      const hit = outline.reduce((sum, p, i) => sum + p * (mask[i] ?? 0), 0);
      const all = outline.reduce((sum, p, i) => sum + p + (mask[i] ?? 0), 0);
      const disease = diseaseOf(found)?.toNumbers();
      const classes = (disease?.length ?? 0) / 2;
      const right =
        disease === undefined ||
        [0, 1].every((sample) => {
          const logits = disease.slice(sample * classes, (sample + 1) * classes);
          return logits.indexOf(Math.max(...logits)) === sample;
        });
      return { dice: lesion === undefined ? 1 : (2 * hit) / all, right };
    }),
  );
}

test.each(NETWORKS.map((entry) => ({ entry, name: entry.name })))(
  "$name learns two phantoms by heart",
  ({ entry, name }) => {
    const spec = resolveNetwork({ name, preset: "small" });
    const { size, image, mask } = twoPhantoms(entry, spec);
    const network = overVolumes(createNetwork(spec, 1));
    const adam = new Adam(network.parameters(), { betas: [0.9, 0.999], epsilon: 1e-8, weightDecay: 0 });
    const batch = (): Batch => ({
      input: regionTensor(image, { samples: 2, channels: 1, size }),
      truth: {
        mask: asMask(regionTensor(mask, { samples: 2, channels: 1, size })),
        masked: [0, 1],
        disease: tensor([1, 0, 0, 0, 1, 0], [2, 3]),
        diagnosed: [0, 1],
      },
    });
    const loss = jointSettings({ segmentation: "dice", voxelCrossEntropy: 1 });
    let found = { dice: 0, right: false };
    let steps = 0;
    const isLearned = (): boolean => found.dice >= NEEDED_DICE && found.right;
    while (steps < MOST_STEPS && !isLearned()) {
      const random = new RandomSource(1, "step", steps);
      trainingStep(network, adam, [batch], { loss, learningRate: 2e-3, random, frozen: new Set() });
      if (++steps % EVERY === 0) found = scope(() => measured(network, batch()));
    }
    expect({ ...found, steps }).toMatchObject({ right: true });
    expect(found.dice).toBeGreaterThanOrEqual(NEEDED_DICE);
    adam.release();
    network.release();
  },
  1_800_000,
);
