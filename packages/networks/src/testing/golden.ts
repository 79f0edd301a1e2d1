import { expect } from "vitest";

import { agreementWith, type GoldenCase } from "./agreement.js";

const HEAD_TOLERANCE = 1e-4; // of the range
const GRADIENT_TOLERANCE = 1e-3;

/** Expects the numbers that PyTorch had: heads in training and in evaluation, running statistics, the gradients of some weights. */
export function expectGolden(network: string, golden: GoldenCase, device?: string): void {
  const found = agreementWith(network, golden, device);
  const within = (what: string, differences: ReadonlyMap<string, number>, tolerance: number): void => {
    expect(differences.size, what).toBeGreaterThan(0);
    for (const [name, share] of differences)
      expect(share, `${what} ${name}: difference as a share of the range`).toBeLessThanOrEqual(tolerance);
  };
  within("training", found.training, HEAD_TOLERANCE);
  within("evaluation", found.evaluation, HEAD_TOLERANCE);
  within("gradient of", found.gradients, GRADIENT_TOLERANCE);
  for (const [name, share] of found.statistics)
    expect(share, `${name}: difference as a share of the range`).toBeLessThanOrEqual(HEAD_TOLERANCE);
  expect(found.loss).toBeLessThan(5e-5);
}
