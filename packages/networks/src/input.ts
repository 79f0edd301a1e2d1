import type { Xyz } from "@multirnet/imaging";
import { tensorFrom, type Tensor } from "@multirnet/engine";

import { NetworkError } from "./errors.js";
import type { Dims } from "./layers/convolution.js";
import type { Pass } from "./network.js";

/**
 * Regions as networks see them: x, y, z of voxels become W, H, D of a tensor, the only place where the two orders meet.
 *
 * @param voxels of all channels of all samples, one after another, x fastest
 * @returns N×C×D×H×W
 */
export function regionTensor(
  voxels: Float32Array,
  { samples, channels, size }: { readonly samples: number; readonly channels: number; readonly size: Xyz },
): Tensor {
  return tensorFrom(voxels, [samples, channels, size.z, size.y, size.x]);
}

/** Refuses what a network cannot take, before it meets a shape error deep inside. @throws NetworkError NETWORK_INPUT */
export function requireRegion(
  network: string,
  { shape }: Tensor,
  {
    dims = 3,
    channels,
    multipleOf,
    only,
  }: {
    readonly dims?: Dims;
    readonly channels: number;
    readonly multipleOf: number;
    readonly only?: number; // the one side that it takes, where positions are learned
  },
): void {
  const [batch = 0, ofChannels, ...space] = shape;
  const fits =
    space.length === dims &&
    batch > 0 &&
    ofChannels === channels &&
    space.every((side) => (only === undefined ? side >= multipleOf && side % multipleOf === 0 : side === only));
  if (fits) return;
  const [axes, sides] = dims === 2 ? ["H×W", "H and W"] : ["D×H×W", "D, H and W"];
  const be = only === undefined ? `${sides} multiples of ${String(multipleOf)}` : `${sides} ${String(only)}`;
  const expected = `N×${String(channels)}×${axes} with ${be}`;
  throw new NetworkError({ code: "NETWORK_INPUT", network, expected, came: shape.join("×") });
}

/**
 * Refuses to train with a batch that leaves the deepest batch norms one value a channel. Its variance would be 0, so nothing would be learned
 * there, and the unbiased one that they remember would be NaN, which shows only in evaluation.
 *
 * @param multipleOf how many voxels of each side become one at the deepest @throws NetworkError NETWORK_INPUT
 */
export function requireStatistics(
  network: string,
  { shape }: Tensor,
  { multipleOf }: { readonly multipleOf: number },
  { mode }: Pass,
): void {
  const [batch = 0, , ...space] = shape;
  const values = space.reduce((product, side) => product * (side / multipleOf), batch);
  if (mode === "eval" || values > 1) return;
  const block = space.map(() => multipleOf).join("×");
  const expected = `more than one block of ${block} in a training batch, as batch norm needs the variance of several values`;
  throw new NetworkError({ code: "NETWORK_INPUT", network, expected, came: shape.join("×") });
}
