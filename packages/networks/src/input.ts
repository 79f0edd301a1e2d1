import type { Xyz } from "@multirnet/imaging";
import { tensorFrom, type Tensor } from "@multirnet/engine";

import { NetworkError } from "./errors.js";
import type { Dims } from "./layers/convolution.js";
import type { Norm } from "./layers/norm.js";
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
 * Refuses to train with a batch that leaves the deepest norms one value a channel. Its variance would be 0, so nothing would be learned there; and the
 * unbiased one that batch norms remember would be NaN, which shows only in evaluation.
 *
 * @param input N×C×space, or N×S×C×space of stacks
 * @param options `multipleOf`: how many voxels of each side become one at the deepest; `norm`: the one that stands there, batch norm unless given
 * @throws NetworkError NETWORK_INPUT
 */
export function requireStatistics(
  network: string,
  { shape }: Tensor,
  { dims = 3, multipleOf, norm = "batch" }: { readonly dims?: Dims; readonly multipleOf: number; readonly norm?: Norm },
  { mode }: Pass,
): void {
  const space = shape.slice(-dims);
  const samples = norm === "batch" ? shape.slice(0, -dims - 1) : []; // instance norm looks at each by itself
  const values = [...samples, ...space.map((side) => side / multipleOf)].reduce((product, count) => product * count, 1);
  if (mode === "eval" || norm === "group" || values > 1) return;
  const where = norm === "batch" ? "a training batch" : "each sample of a training batch";
  const block = space.map(() => multipleOf).join("×");
  const expected = `more than one block of ${block} in ${where}, as ${norm} norm needs the variance of several values`;
  throw new NetworkError({ code: "NETWORK_INPUT", network, expected, came: shape.join("×") });
}
