import { RandomSource } from "@multirnet/base";
import { expect, test } from "vitest";

import {
  augment,
  AUGMENTATION_RANGE,
  drawAugmentation,
  type AugmentationDraw,
  type AugmentationSettings,
} from "./augmentation.js";
import type { Region } from "./region.js";

const still = { flipLeftRight: false, flipFrontBack: false };

/** 3×2×2 with a different value at every voxel, and a mask that marks the first. */
const region: Region = {
  size: { x: 3, y: 2, z: 2 },
  image: Float32Array.from({ length: 12 }, (_, i) => i / 16),
  mask: Uint8Array.from({ length: 12 }, (_, i) => Number(i === 0) + 2 * Number(i === 10)),
};
const sixteenths = ({ image }: Region): number[] => [...image].map((value) => value * 16);

test("a left-right flip reverses x in image and mask alike; twice is the identity", () => {
  const once = augment(region, { ...still, flipLeftRight: true });
  expect(sixteenths(once)).toEqual([2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10, 9]);
  expect([...(once.mask ?? [])]).toEqual([0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0]);
  expect(augment(once, { ...still, flipLeftRight: true })).toEqual(region);
});

test("a front-back flip reverses y in image and mask alike; twice is the identity", () => {
  const once = augment(region, { ...still, flipFrontBack: true });
  expect(sixteenths(once)).toEqual([3, 4, 5, 0, 1, 2, 9, 10, 11, 6, 7, 8]);
  expect([...(once.mask ?? [])]).toEqual([0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0]);
  expect(augment(once, { ...still, flipFrontBack: true })).toEqual(region);
});

test("brightness and contrast: a factor on all, a factor on the distance from the mean, kept in [0, 1]", () => {
  const two: Region = { size: { x: 2, y: 1, z: 1 }, image: Float32Array.of(0.25, 0.75) };
  expect([...augment(two, { ...still, brightness: 1.1 }).image]).toEqual([
    expect.closeTo(0.275, 6),
    expect.closeTo(0.825, 6),
  ]);
  expect([...augment(two, { ...still, contrast: 0.9 }).image]).toEqual([
    expect.closeTo(0.275, 6),
    expect.closeTo(0.725, 6),
  ]);
  // 1.1 · (0.25, 0.75) has mean 0.55 and distances ±0.275; by 1.1 these are ±0.3025.
  expect([...augment(two, { ...still, brightness: 1.1, contrast: 1.1 }).image]).toEqual([
    expect.closeTo(0.2475, 6),
    expect.closeTo(0.8525, 6),
  ]);
  const ends: Region = { size: { x: 2, y: 1, z: 1 }, image: Float32Array.of(0, 1) };
  expect([...augment(ends, { ...still, contrast: 1.1 }).image]).toEqual([0, 1]);
});

test("gamma is a power of values in [0, 1]", () => {
  const image = Float32Array.of(0, 0.25, 1);
  expect([...augment({ size: { x: 3, y: 1, z: 1 }, image }, { ...still, gamma: 1.5 }).image]).toEqual([0, 0.125, 1]);
});

test("noise has the sigma it says, comes from its seed alone and stays in [0, 1]", () => {
  const size = { x: 40, y: 50, z: 20 };
  const grey: Region = { size, image: new Float32Array(40_000).fill(0.5) };
  const noisy = augment(grey, { ...still, noise: { sigma: 0.05, seed: 7 } }).image;
  const mean = noisy.reduce((a, b) => a + b) / noisy.length;
  const sigma = Math.sqrt(noisy.reduce((a, b) => a + (b - mean) ** 2, 0) / noisy.length);
  expect(Math.abs(mean - 0.5)).toBeLessThan((5 * 0.05) / 200);
  expect(sigma / 0.05).toBeCloseTo(1, 1);
  expect(augment(grey, { ...still, noise: { sigma: 0.05, seed: 7 } }).image).toEqual(noisy);
  expect(augment(grey, { ...still, noise: { sigma: 0.05, seed: 8 } }).image).not.toEqual(noisy);
  const air = augment({ size, image: new Float32Array(40_000) }, { ...still, noise: { sigma: 0.05, seed: 7 } }).image;
  expect(air.reduce((a, b) => Math.min(a, b))).toBe(0);
});

test("noise and gamma together never make a number that is none", () => {
  const air: Region = { size: { x: 10, y: 10, z: 10 }, image: new Float32Array(1000) };
  const { image } = augment(air, {
    ...still,
    noise: { sigma: 0.05, seed: 1 },
    brightness: 1.1,
    contrast: 1.1,
    gamma: 0.7,
  });
  expect(image.every((value) => value >= 0 && value <= 1)).toBe(true);
});

test("nothing drawn changes nothing, and the region that came in is left alone", () => {
  const before = structuredClone(region);
  expect(augment(region, still)).toEqual(before);
  augment(region, {
    flipLeftRight: true,
    flipFrontBack: true,
    noise: { sigma: 0.05, seed: 1 },
    gamma: 0.7,
    brightness: 0.9,
    contrast: 1.1,
  });
  expect(region).toEqual(before);
});

test("a region without a mask stays without", () => {
  const { mask: _, ...bare } = region;
  expect("mask" in augment(bare, { ...still, flipLeftRight: true })).toBe(false);
});

test("blur and thicker slices change the image and leave the mask", () => {
  for (const change of [{ blur: 0.8 }, { sliceThickness: 2 }]) {
    const { image, mask } = augment(region, { ...still, ...change });
    expect(mask).toEqual(region.mask);
    expect(image).not.toEqual(region.image);
    const sum = (values: Float32Array): number => values.reduce((a, b) => a + b, 0);
    expect(sum(image) / sum(region.image)).toBeCloseTo(1, 1);
  }
});

test("off by default", () => {
  for (let i = 0; i < 50; i++) expect(drawAugmentation({}, new RandomSource(i))).toEqual(still);
});

test("each change happens as often as its probability says, and within its range", () => {
  const settings: Required<AugmentationSettings> = {
    flipLeftRight: 0.5,
    flipFrontBack: 0.1,
    rotation: 0.35,
    scale: 0.12,
    elastic: 0.22,
    gamma: 0.3,
    brightness: 0.15,
    contrast: 0.2,
    noise: 0.25,
    blur: 0.18,
    sliceThickness: 0.28,
  };
  const draws = Array.from({ length: 10_000 }, (_, i) => drawAugmentation(settings, new RandomSource("rates", i)));
  const happens: Record<keyof AugmentationSettings, (draw: AugmentationDraw) => boolean> = {
    flipLeftRight: ({ flipLeftRight }) => flipLeftRight,
    flipFrontBack: ({ flipFrontBack }) => flipFrontBack,
    rotation: ({ pose }) => pose?.rotationDegrees !== undefined,
    scale: ({ pose }) => pose?.scale !== undefined,
    elastic: ({ pose }) => pose?.elastic !== undefined,
    gamma: ({ gamma }) => gamma !== undefined,
    brightness: ({ brightness }) => brightness !== undefined,
    contrast: ({ contrast }) => contrast !== undefined,
    noise: ({ noise }) => noise !== undefined,
    blur: ({ blur }) => blur !== undefined,
    sliceThickness: ({ sliceThickness }) => sliceThickness !== undefined,
  };
  for (const [change, probability] of Object.entries(settings)) {
    const happened = draws.filter(happens[change as keyof AugmentationSettings]).length;
    expect(Math.abs(happened / 10_000 - probability)).toBeLessThan(
      5 * Math.sqrt((probability * (1 - probability)) / 10_000),
    );
  }
  const spread = (amounts: readonly number[], [low, high]: readonly [number, number]): void => {
    const width = high - low;
    expect(Math.min(...amounts)).toBeGreaterThanOrEqual(low);
    expect(Math.max(...amounts)).toBeLessThanOrEqual(high);
    expect(Math.min(...amounts)).toBeLessThan(low + 0.02 * width); // and the whole range is used
    expect(Math.max(...amounts)).toBeGreaterThan(high - 0.02 * width);
  };
  spread(
    draws.flatMap(({ pose }) => pose?.rotationDegrees ?? []),
    AUGMENTATION_RANGE.rotationDegrees,
  );
  spread(
    draws.flatMap(({ pose }) => pose?.scale ?? []),
    AUGMENTATION_RANGE.scale,
  );
  spread(
    draws.flatMap(({ pose }) => pose?.elastic?.magnitude ?? []),
    AUGMENTATION_RANGE.elasticMagnitude,
  );
  spread(
    draws.flatMap(({ gamma }) => gamma ?? []),
    AUGMENTATION_RANGE.gamma,
  );
  spread(
    draws.flatMap(({ brightness }) => brightness ?? []),
    AUGMENTATION_RANGE.brightness,
  );
  spread(
    draws.flatMap(({ contrast }) => contrast ?? []),
    AUGMENTATION_RANGE.contrast,
  );
  spread(
    draws.flatMap(({ noise }) => noise?.sigma ?? []),
    AUGMENTATION_RANGE.noiseSigma,
  );
  spread(
    draws.flatMap(({ blur }) => blur ?? []),
    AUGMENTATION_RANGE.blurSigma,
  );
  spread(
    draws.flatMap(({ sliceThickness }) => sliceThickness ?? []),
    AUGMENTATION_RANGE.sliceThickness,
  );
  const gammas = draws.flatMap(({ gamma }) => gamma ?? []);
  expect(gammas.filter((gamma) => gamma < 1).length / gammas.length).toBeCloseTo(0.5, 1);
  expect(new Set(draws.flatMap(({ noise }) => noise?.seed ?? [])).size).toBeGreaterThan(2000);
});

test("switching one change on leaves what the others draw as it was", () => {
  for (let i = 0; i < 100; i++) {
    const few = drawAugmentation({ gamma: 0.5, noise: 0.5 }, new RandomSource(i));
    const more = drawAugmentation({ gamma: 0.5, noise: 0.5, brightness: 1, flipLeftRight: 1 }, new RandomSource(i));
    expect(more.gamma).toBe(few.gamma);
    expect(more.noise).toEqual(few.noise);
  }
});
