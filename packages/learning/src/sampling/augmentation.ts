import { RandomSource } from "@multirnet/base";
import { gaussianSmoothed } from "@multirnet/imaging";

import type { Pose } from "./pose.js";
import type { Region } from "./region.js";
import { thickened } from "./slice-thickness.js";

/** Probability of each change, [0, 1]; a left-out one never happens. The paper's protocol names none. */
export interface AugmentationSettings {
  readonly flipLeftRight?: number;
  readonly flipFrontBack?: number;
  readonly rotation?: number;
  readonly scale?: number;
  readonly elastic?: number;
  readonly gamma?: number;
  readonly brightness?: number;
  readonly contrast?: number;
  readonly noise?: number;
  readonly blur?: number;
  readonly sliceThickness?: number;
}

/** How far each change goes; probabilities beside nnU-Net's defaults of 0.15 to 0.2, ranges as for CT in [0, 1]. */
export const AUGMENTATION_RANGE = {
  rotationDegrees: [-15, 15],
  scale: [0.85, 1.15],
  elasticMagnitude: [0, 4],
  gamma: [0.7, 1.5],
  brightness: [0.9, 1.1],
  contrast: [0.9, 1.1],
  noiseSigma: [0, 0.05],
  blurSigma: [0.5, 1],
  sliceThickness: [1, 3],
} as const;

/** What is to be done to one region, drawn before it is done, so that it can be recorded and repeated. */
export interface AugmentationDraw {
  readonly pose?: Pose; // how the region is cut
  readonly flipLeftRight: boolean;
  readonly flipFrontBack: boolean;
  readonly sliceThickness?: number; // times that of the grid
  readonly blur?: number; // standard deviation, voxels
  readonly noise?: { readonly sigma: number; readonly seed: number };
  readonly brightness?: number;
  readonly contrast?: number;
  readonly gamma?: number;
}

/** Draws each change from a source of its own, so that switching one on leaves the others as they were. */
export function drawAugmentation(settings: AugmentationSettings, random: RandomSource): AugmentationDraw {
  const happens = (change: keyof AugmentationSettings): boolean => random.derive(change).chance(settings[change] ?? 0);
  const within = (change: keyof AugmentationSettings, [low, high]: readonly [number, number]): number =>
    random.derive(change, "amount").between(low, high);
  const pose: Pose = {
    ...(happens("rotation") ? { rotationDegrees: within("rotation", AUGMENTATION_RANGE.rotationDegrees) } : {}),
    ...(happens("scale") ? { scale: within("scale", AUGMENTATION_RANGE.scale) } : {}),
    ...(happens("elastic")
      ? {
          elastic: {
            magnitude: within("elastic", AUGMENTATION_RANGE.elasticMagnitude),
            seed: random.derive("elastic", "seed").uint32(),
          },
        }
      : {}),
  };
  return {
    ...(Object.keys(pose).length > 0 ? { pose } : {}),
    flipLeftRight: happens("flipLeftRight"),
    flipFrontBack: happens("flipFrontBack"),
    ...(happens("sliceThickness")
      ? { sliceThickness: within("sliceThickness", AUGMENTATION_RANGE.sliceThickness) }
      : {}),
    ...(happens("blur") ? { blur: within("blur", AUGMENTATION_RANGE.blurSigma) } : {}),
    ...(happens("noise")
      ? {
          noise: {
            sigma: within("noise", AUGMENTATION_RANGE.noiseSigma),
            seed: random.derive("noise", "seed").uint32(),
          },
        }
      : {}),
    ...(happens("brightness") ? { brightness: within("brightness", AUGMENTATION_RANGE.brightness) } : {}),
    ...(happens("contrast") ? { contrast: within("contrast", AUGMENTATION_RANGE.contrast) } : {}),
    ...(happens("gamma") ? { gamma: drawGamma(random.derive("gamma", "amount")) } : {}),
  };
}

/** Darker and brighter equally often, as nnU-Net draws it: half below 1, half above. */
function drawGamma(random: RandomSource): number {
  const [low, high] = AUGMENTATION_RANGE.gamma;
  return random.chance(1 / 2) ? random.between(low, 1) : random.between(1, high);
}

/**
 * Applies a draw, but for its pose, to a region; the given region is left alone. In order: flips (image and mask alike); thicker slices, then a
 * Gaussian blur, of the image alone; noise added with mean 0; brightness, a factor on all; contrast, a factor on the distance from the mean; back into [0, 1]; and gamma, a power.
 * Equal draws on equal regions give equal bits.
 */
export function augment(region: Region, draw: AugmentationDraw): Region {
  const { size } = region;
  const image = softened(flipped(region, region.image, draw), size, draw);
  const mask = region.mask === undefined ? undefined : flipped(region, region.mask, draw);
  if (draw.noise !== undefined) addNoise(image, draw.noise);
  const { brightness = 1, contrast = 1, gamma = 1 } = draw;
  if (brightness !== 1 || contrast !== 1) {
    const mean = brightness * meanOf(image);
    for (let i = 0; i < image.length; i++) image[i] = mean + contrast * (brightness * (image[i] as number) - mean);
  }
  for (let i = 0; i < image.length; i++) image[i] = Math.min(1, Math.max(0, image[i] as number));
  if (gamma !== 1) for (let i = 0; i < image.length; i++) image[i] = (image[i] as number) ** gamma;
  return mask === undefined ? { size, image } : { size, image, mask };
}

function flipped<A extends Float32Array | Uint8Array>({ size }: Region, values: A, draw: AugmentationDraw): A {
  const result = values.slice() as A;
  if (draw.flipFrontBack) {
    const plane = size.x * size.y;
    for (let z = 0; z < size.z; z++) {
      for (let y = 0; y < size.y; y++) {
        const source = z * plane + y * size.x;
        result.set(values.subarray(source, source + size.x), z * plane + (size.y - 1 - y) * size.x);
      }
    }
  }
  if (draw.flipLeftRight) {
    for (let row = 0; row < result.length; row += size.x) result.subarray(row, row + size.x).reverse();
  }
  return result;
}

/** What a scanner with thicker slices, or a smoother reconstruction, would have shown. */
function softened(
  image: Float32Array,
  size: Region["size"],
  { sliceThickness = 1, blur = 0 }: Pick<AugmentationDraw, "sliceThickness" | "blur">,
): Float32Array {
  const thick = sliceThickness > 1 ? thickened(image, size, sliceThickness) : image;
  return blur > 0 ? gaussianSmoothed(thick, size, { x: blur, y: blur, z: blur }) : thick;
}

function addNoise(image: Float32Array, { sigma, seed }: { readonly sigma: number; readonly seed: number }): void {
  const random = new RandomSource("augmentation noise", seed);
  for (let i = 0; i < image.length; i++) image[i] = (image[i] as number) + sigma * random.normal();
}

function meanOf(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return values.length === 0 ? 0 : sum / values.length;
}
