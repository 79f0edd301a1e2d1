import { setImmediate as nextTurn } from "node:timers/promises";

import { RandomSource } from "@multirnet/base";
import { probabilitiesOf, scope, withoutGradients } from "@multirnet/engine";
import { xyz, type Box, type Xyz } from "@multirnet/imaging";
import { diseaseOf, lesionOf, regionTensor, unionProbability, type Network } from "@multirnet/networks";

import { InferenceError } from "./errors.js";
import { windowsOver, windowWeights, type WindowSettings } from "./windows.js";

/** What windows are cut from: [0, 1], x fastest. */
export interface GreyImage {
  readonly size: Xyz;
  readonly voxels: Float32Array;
}

export interface SlidingOptions extends WindowSettings {
  readonly box: Box; // what is tiled; outside it there is no lesion
  readonly passes?: number | undefined; // extra passes, in place of the network's own number
  readonly signal?: AbortSignal | undefined;
  readonly onWindow?: ((done: number, windows: number) => void) | undefined;
}

/** What a network says of a whole scan. */
export interface ScanPrediction {
  readonly lesion: readonly Float32Array[]; // a lesion type each, [0, 1] on the working grid; none for a diagnosis network
  readonly disease: readonly number[] | undefined; // probabilities of the classes
  readonly windows: number;
}

const BATCH = 2; // at batch 1 libtorch takes a slow path for wide convolutions
const MASS_FLOOR = 1e-3; // share of a window's voxels that every window weighs in the diagnosis, whatever lesion it shows

/**
 * Runs a network over overlapping windows. Lesion probabilities are averaged with Gaussian weights. The diagnosis is the mean of the windows'
 * logits, each weighted by the lesion mass predicted in it plus a floor, then softmax; or, where the network says so, that of their probabilities. Yields
 * to the event loop between windows.
 *
 * @throws InferenceError INFERENCE_ABORTED, INFERENCE_NOT_FINITE
 */
export async function slideOver(network: Network, image: GreyImage, options: SlidingOptions): Promise<ScanPrediction> {
  const { region, box, signal, onWindow } = options;
  const windows = windowsOver(box, options);
  const tiled = shared(box, wholeImage(image));
  const weights = windowWeights(region);
  let total: Float32Array | undefined; // none for a network that only diagnoses
  const sums: Float32Array[] = [];
  const disease: WindowDiagnosis[] = [];
  for (let start = 0; start < windows.length; start += BATCH) {
    await nextTurn();
    if (signal?.aborted === true)
      throw new InferenceError({ code: "INFERENCE_ABORTED", done: start, windows: windows.length });
    const batch = windows.slice(start, start + BATCH);
    const seen = lookAt(
      network,
      batch.map((window) => cut(image, window)),
      region,
      options.passes,
    );
    for (const [index, window] of batch.entries()) {
      const { lesion, disease: logits, mass } = seen[index] as WindowFinding;
      if (lesion.length > 0) {
        total ??= new Float32Array(image.voxels.length);
        while (sums.length < lesion.length) sums.push(new Float32Array(image.voxels.length));
        addWindow({ sums, total }, lesion, weights, { size: image.size, window, tiled });
      }
      if (logits !== undefined) disease.push({ logits, mass: mass + MASS_FLOOR * weights.length });
    }
    onWindow?.(Math.min(start + BATCH, windows.length), windows.length);
  }
  if (total !== undefined) for (const sum of sums) divide(sum, total);
  return {
    lesion: sums,
    disease: disease.length === 0 ? undefined : MEANS[network.regionsJoin](disease),
    windows: windows.length,
  };
}

interface WindowFinding {
  readonly lesion: readonly Float32Array[];
  readonly disease: readonly number[] | undefined;
  readonly mass: number; // sum of the union's probabilities, voxels
}

function lookAt(
  network: Network,
  regions: readonly Float32Array[],
  region: Xyz,
  passes: number | undefined,
): WindowFinding[] {
  return withoutGradients(() =>
    scope(() => {
      const joined = new Float32Array(regions.length * region.x * region.y * region.z);
      for (const [index, voxels] of regions.entries()) joined.set(voxels, index * voxels.length);
      const input = regionTensor(joined, { samples: regions.length, channels: 1, size: region });
      const pass = { mode: "eval", random: new RandomSource("no draws in evaluation") } as const;
      const prediction = network.forward(input, passes === undefined ? pass : { ...pass, passes });
      const lesion = lesionOf(prediction);
      const disease = diseaseOf(prediction);
      const probabilities = lesion === undefined ? undefined : (probabilitiesOf(lesion).toArray() as Float32Array);
      const masses = lesion === undefined ? undefined : unionProbability(lesion).sum([1, 2, 3, 4]).toNumbers();
      const logits = disease?.toNumbers();
      if (masses?.some(Number.isNaN))
        throw new InferenceError({ code: "INFERENCE_NOT_FINITE", what: "a lesion probability" });
      if (logits?.some((value) => !Number.isFinite(value)))
        throw new InferenceError({ code: "INFERENCE_NOT_FINITE", what: "a diagnosis" });
      const types = lesion?.shape[1] ?? 0;
      const classes = disease?.shape[1] ?? 0;
      const voxels = region.x * region.y * region.z;
      return regions.map((_, sample) => ({
        lesion: Array.from({ length: types }, (_, type) =>
          (probabilities as Float32Array).subarray(
            (sample * types + type) * voxels,
            (sample * types + type + 1) * voxels,
          ),
        ),
        disease: logits?.slice(sample * classes, (sample + 1) * classes),
        mass: masses?.[sample] ?? 0,
      }));
    }),
  );
}

/** A window of the image; air where it reaches past it. */
function cut(image: GreyImage, window: Box): Float32Array {
  const region = new Float32Array(window.size.x * window.size.y * window.size.z);
  eachRow(image.size, window, wholeImage(image), (source, target, length) => {
    region.set(image.voxels.subarray(source, source + length), target);
  });
  return region;
}

/** Adds weight · value of a window to the sums of each lesion type, and the weight to what they are divided by, as far as it lies in what is tiled. */
function addWindow(
  { sums, total }: { readonly sums: readonly Float32Array[]; readonly total: Float32Array },
  lesion: readonly Float32Array[],
  weights: Float32Array,
  { size, window, tiled }: { readonly size: Xyz; readonly window: Box; readonly tiled: Box },
): void {
  eachRow(size, window, tiled, (inScan, inWindow, length) => {
    for (let i = 0; i < length; i++)
      total[inScan + i] = (total[inScan + i] as number) + (weights[inWindow + i] as number);
    for (const [type, values] of lesion.entries()) {
      const sum = sums[type] as Float32Array;
      for (let i = 0; i < length; i++) {
        const value = (weights[inWindow + i] as number) * (values[inWindow + i] as number);
        sum[inScan + i] = (sum[inScan + i] as number) + value;
      }
    }
  });
}

/** In place; where nothing was added there is no lesion. */
function divide(sum: Float32Array, total: Float32Array): void {
  for (let i = 0; i < sum.length; i++) if (total[i] !== 0) sum[i] = (sum[i] as number) / (total[i] as number);
}

/** The rows of a window inside a part of the scan: where each starts in the scan, where in the window, and how long it is. */
function eachRow(
  size: Xyz,
  window: Box,
  part: Box,
  visit: (inScan: number, inWindow: number, length: number) => void,
): void {
  const { from, size: rows } = shared(window, part);
  if (rows.x <= 0) return;
  for (let z = from.z; z < from.z + rows.z; z++) {
    for (let y = from.y; y < from.y + rows.y; y++) {
      const inScan = from.x + size.x * (y + size.y * z);
      const [x, row] = [from.x - window.from.x, y - window.from.y + window.size.y * (z - window.from.z)];
      visit(inScan, x + window.size.x * row, rows.x);
    }
  }
}

/** What two boxes have in common; an axis along which they have nothing is 0 or less long. */
function shared(a: Box, b: Box): Box {
  const from = xyz((axis) => Math.max(a.from[axis], b.from[axis]));
  const size = xyz((axis) => Math.min(a.from[axis] + a.size[axis], b.from[axis] + b.size[axis]) - from[axis]);
  return { from, size };
}

function wholeImage({ size }: GreyImage): Box {
  return { from: { x: 0, y: 0, z: 0 }, size };
}

interface WindowDiagnosis {
  readonly logits: readonly number[];
  readonly mass: number;
}

const MEANS: Readonly<Record<Network["regionsJoin"], (seen: readonly WindowDiagnosis[]) => number[]>> = {
  logits: (seen) => softmax(weightedMean(seen.map(({ logits, mass }) => ({ values: logits, weight: mass })))),
  probabilities: (seen) => weightedMean(seen.map(({ logits }) => ({ values: softmax(logits), weight: 1 }))),
};

function weightedMean(rows: readonly { readonly values: readonly number[]; readonly weight: number }[]): number[] {
  const total = rows.reduce((sum, { weight }) => sum + weight, 0);
  const columns = rows[0]?.values.length ?? 0;
  return Array.from(
    { length: columns },
    (_, c) => rows.reduce((sum, { values, weight }) => sum + weight * (values[c] ?? 0), 0) / total,
  );
}

function softmax(logits: readonly number[]): number[] {
  const largest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}
