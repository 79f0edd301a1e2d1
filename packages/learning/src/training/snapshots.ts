import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { RandomSource } from "@multirnet/base";
import { writeFileAtomically } from "@multirnet/base/node";
import { scope, withoutGradients } from "@multirnet/engine";
import { lesionOf, regionTensor, unionProbability, type Network } from "@multirnet/networks";
import { regionPicture, type Picture } from "@multirnet/report";
import type { Xyz } from "@multirnet/imaging";

import type { PreparedCase } from "../dataset/index.js";
import { cutRegion, sliceOfMostLesion, type Region } from "../sampling/index.js";

const MOST_CASES = 3;
const TIMES = 12; // in a whole run

/** What a picture shows. */
export interface Snapshot {
  readonly name: string; // of the case
  readonly picture: Picture;
}

/** Whether the end of an epoch is a moment for pictures: a dozen times in a run, and at its end. */
export function isSnapshotDue(epoch: number, epochs: number): boolean {
  return (epoch + 1) % Math.ceil(epochs / TIMES) === 0 || epoch + 1 === epochs;
}

/**
 * What a network makes of the same few regions each time: of the first cases with lesions, around the largest, not changed; the slice with most lesion.
 *
 * @returns none for a network that outlines nothing, or where no case has a lesion
 */
export function snapshots(network: Network, cases: readonly PreparedCase[], size: Xyz): Snapshot[] {
  if (network.task === "diagnosis") return [];
  return cases
    .filter(({ components }) => components.length > 0)
    .slice(0, MOST_CASES)
    .map((one) => {
      const { centre } = one.components[0] as (typeof one.components)[number];
      const middle = { x: Math.round(centre.x), y: Math.round(centre.y), z: Math.round(centre.z) };
      const region = cutRegion(one, middle, size);
      return {
        name: one.entry.name,
        picture: regionPicture(sliceOfMostLesion(region, probabilityOf(network, region))),
      };
    });
}

/** Writes pictures as `epoch-0012-CASE.png`, all of each or nothing. @throws FileError */
export async function writeSnapshots(folder: string, epoch: number, taken: readonly Snapshot[]): Promise<void> {
  if (taken.length === 0) return;
  await mkdir(folder, { recursive: true });
  for (const { name, picture } of taken) {
    await writeFileAtomically(join(folder, `epoch-${String(epoch).padStart(4, "0")}-${name}.png`), [picture.png]);
  }
}

function probabilityOf(network: Network, { image, size }: Region): Float32Array | undefined {
  return withoutGradients(() =>
    scope(() => {
      const input = regionTensor(image, { samples: 1, channels: 1, size });
      const lesion = lesionOf(
        network.forward(input, { mode: "eval", random: new RandomSource("no draws in evaluation") }),
      );
      return lesion === undefined ? undefined : (unionProbability(lesion).toArray() as Float32Array);
    }),
  );
}
