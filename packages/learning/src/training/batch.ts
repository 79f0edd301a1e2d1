import { asMask, tensorFrom, type Tensor } from "@multirnet/engine";
import type { Xyz } from "@multirnet/imaging";
import { regionTensor } from "@multirnet/networks";

import type { PreparedCase } from "../dataset/index.js";
import type { Truth } from "../losses/index.js";
import type { Region } from "../sampling/index.js";

/** A region of a case, as it goes into a batch. */
export interface CaseRegion {
  readonly prepared: PreparedCase;
  readonly region: Region;
}

/** What a training step looks at. */
export interface Batch {
  readonly input: Tensor; // N×1×D×H×W
  readonly truth: Truth;
}

/**
 * Puts regions together as tensors. Only what is known goes into the truth: a normal case has an empty mask, a case whose lesions were not
 * drawn has none.
 *
 * @param classes of the disease head; a case whose diagnosis is none of them has no diagnosis here
 */
export function makeBatch(samples: readonly CaseRegion[], size: Xyz, classes: readonly string[]): Batch {
  const voxels = size.x * size.y * size.z;
  const input = new Float32Array(samples.length * voxels);
  for (const [index, { region }] of samples.entries()) input.set(region.image, index * voxels);

  const masked = indicesWhere(samples, ({ region }) => region.mask !== undefined);
  const channels = samples[0]?.prepared.channels.length ?? 1;
  const mask = new Float32Array(masked.length * channels * voxels);
  for (const [row, index] of masked.entries()) {
    const values = samples[index]?.region.mask ?? new Uint8Array(voxels);
    for (let voxel = 0; voxel < voxels; voxel++) {
      const value = values[voxel] as number;
      if (value > 0) mask[(row * channels + value - 1) * voxels + voxel] = 1;
    }
  }

  const classOf = ({ prepared }: CaseRegion): number => classes.indexOf(prepared.entry.diagnosis ?? "");
  const diagnosed = indicesWhere(samples, (sample) => classOf(sample) >= 0);
  const disease = new Float32Array(diagnosed.length * classes.length);
  for (const [row, index] of diagnosed.entries())
    disease[row * classes.length + classOf(samples[index] as CaseRegion)] = 1;

  return {
    input: regionTensor(input, { samples: samples.length, channels: 1, size }),
    truth: {
      masked,
      mask: masked.length === 0 ? undefined : asMask(regionTensor(mask, { samples: masked.length, channels, size })),
      diagnosed,
      disease: diagnosed.length === 0 ? undefined : tensorFrom(disease, [diagnosed.length, classes.length]),
    },
  };
}

function indicesWhere<T>(items: readonly T[], test: (item: T) => boolean): number[] {
  return items.flatMap((item, index) => (test(item) ? index : []));
}
