import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { connectedComponents, resampleToSpacing, xyz, type Volume, type Xyz } from "@multirnet/imaging";
import { readScan, writeNifti } from "@multirnet/imaging/node";

import { besidePeer } from "./beside.js";
import { Peer } from "./peer.js";
import type { BenchRow } from "./row.js";
import { syntheticMask, syntheticScan } from "./synthetic.js";

export interface VolumeBenchOptions {
  readonly size: Xyz; // voxels
  readonly turns: number;
  readonly python: string;
}

const SPACING_MM = { x: 1, y: 1, z: 1 };

/** Reading, resampling and labelling of a synthetic CT, beside nibabel and scipy. */
export async function imagingRows({ size, turns, python }: VolumeBenchOptions): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), "multirnet-bench-"));
  const peer = new Peer(python);
  try {
    const named = (what: string): string => `${what}, ${sizeText(size)}`;
    const scan = syntheticScan(size);
    const path = join(folder, "scan.nii.gz");
    await writeNifti(path, scan);
    let read: Volume<"hounsfield"> = scan;
    const reading = await besidePeer(
      {
        name: named("reading a packed NIfTI"),
        run: async () => {
          read = (await readScan(path)).volume;
        },
        numbers: () => [size.x, size.y, size.z, mean(read.voxels)],
        tolerance: 1e-6,
      },
      await peer.prepare({ work: "nifti", path }),
      turns,
    );

    const voxels = join(folder, "scan.raw");
    writeFileSync(voxels, Int16Array.from(scan.voxels));
    let resampled = resampleToSpacing(scan, SPACING_MM);
    const factors = xyz((axis) => resampled.grid.size[axis] / size[axis]);
    const resampling = await besidePeer(
      {
        name: named("resampling to 1 mm"),
        run: () => {
          resampled = resampleToSpacing(scan, SPACING_MM);
        },
        numbers: () => [mean(resampled.voxels), deviation(resampled.voxels)],
        tolerance: 2e-3, // voxels of the two grids lie a little apart, where the side is no whole number of mm
      },
      await peer.prepare({ work: "resample", voxels, size: triple(size), factors: triple(factors) }),
      turns,
    );

    const lesions = syntheticMask(size, 0);
    const mask = join(folder, "mask.raw");
    writeFileSync(mask, lesions.voxels);
    let found = connectedComponents(lesions, 26).components;
    const labelling = await besidePeer(
      {
        name: named("connected components of a mask"),
        run: () => {
          found = connectedComponents(lesions, 26).components;
        },
        numbers: () => [
          found.length,
          ...found
            .map((component) => component.voxels)
            .toSorted((a, b) => b - a)
            .slice(0, 5),
        ],
        tolerance: 0,
      },
      await peer.prepare({ work: "components", mask, size: triple(size) }),
      turns,
    );
    return [reading, resampling, labelling];
  } finally {
    peer.end();
    rmSync(folder, { recursive: true });
  }
}

export function triple({ x, y, z }: Xyz): readonly [number, number, number] {
  return [x, y, z];
}

export function sizeText({ x, y, z }: Xyz): string {
  return `${String(x)}×${String(y)}×${String(z)}`;
}

function mean(values: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at] as number;
  return sum / values.length;
}

function deviation(values: Float32Array): number {
  const middle = mean(values);
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += ((values[at] as number) - middle) ** 2;
  return Math.sqrt(sum / values.length);
}
